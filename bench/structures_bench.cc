// The engine's structures against std containers, in one process.
//
//     structures_bench --benchmark_filter=table
//
// Keys and values are 16 bytes. `bytes` counts what the structure takes per item above nothing:
// items, nodes and tables, averaged over 0.6, 0.8, 1.0 and 1.2 million items.

#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "engine/hash.h"
#include "engine/list.h"
#include "engine/set.h"
#include "engine/sorted_set.h"
#include "engine/table.h"

namespace satchel::engine {
namespace {

constexpr std::size_t kKeyBytes = 16;
constexpr std::uint64_t kSeed = 42;

std::string KeyOf(std::uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "key:%012llu", static_cast<unsigned long long>(number));
  return text;
}

std::vector<std::string> RandomKeys(std::size_t count, std::size_t range) {
  Random random(7);
  std::vector<std::string> keys(count);
  for (auto& key : keys) key = KeyOf(random.Below(range));
  return keys;
}

// As an entry of the keyspace: header, key, value.
struct Item {
  std::uint64_t header;
  char bytes[2 * kKeyBytes];
};
struct Policy {
  using Item = engine::Item;
  static std::string_view Key(const Item* item) { return {item->bytes, kKeyBytes}; }
  static void Free(Item* item) { HeapDelete(item); }
};

struct Store {
  explicit Store(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string key = KeyOf(i);
      auto* item = HeapNew<Item>();
      std::memcpy(item->bytes, key.data(), kKeyBytes);
      std::memcpy(item->bytes + kKeyBytes, key.data(), kKeyBytes);
      table.Insert(item, table.HashOf(key));
    }
  }
  Heap heap;
  HeapScope scope{heap};
  Table<Policy> table{kSeed};
};

// Range(0) keys; looked up in an order that the cache cannot know.
void TableFind(benchmark::State& state) {
  Store store(state.range(0));
  const auto keys = RandomKeys(1 << 16, state.range(0));
  char out[kKeyBytes];
  std::size_t i = 0;
  for (auto _ : state) {
    const std::string& key = keys[i++ & (keys.size() - 1)];
    const Item* item = store.table.Find(key, store.table.HashOf(key));
    std::memcpy(out, item->bytes + kKeyBytes, kKeyBytes);
    benchmark::DoNotOptimize(out);
  }
}

void TableFindBatch(benchmark::State& state) {
  constexpr std::size_t kBatch = 16;
  Store store(state.range(0));
  const auto keys = RandomKeys(1 << 16, state.range(0));
  char out[kKeyBytes];
  std::size_t i = 0;
  for (auto _ : state) {
    const std::string* batch = &keys[i & (keys.size() - 1)];
    i += kBatch;
    std::uint64_t hashes[kBatch];
    for (std::size_t k = 0; k < kBatch; ++k) {
      hashes[k] = store.table.HashOf(batch[k]);
      store.table.Prefetch(hashes[k]);
    }
    for (const std::uint64_t hash : hashes) store.table.PrefetchItem(hash);
    for (std::size_t k = 0; k < kBatch; ++k) {
      const Item* item = store.table.Find(batch[k], hashes[k]);
      std::memcpy(out, item->bytes + kKeyBytes, kKeyBytes);
      benchmark::DoNotOptimize(out);
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kBatch));
}

void UnorderedMapFind(benchmark::State& state) {
  std::unordered_map<std::string, std::string> map;
  for (std::int64_t i = 0; i < state.range(0); ++i) map.emplace(KeyOf(i), KeyOf(i));
  const auto keys = RandomKeys(1 << 16, state.range(0));
  char out[kKeyBytes];
  std::size_t i = 0;
  for (auto _ : state) {
    const std::string& key = keys[i++ & (keys.size() - 1)];
    std::memcpy(out, map.find(key)->second.data(), kKeyBytes);
    benchmark::DoNotOptimize(out);
  }
}

void TableInsert(benchmark::State& state) {
  for (auto _ : state) {
    auto store = std::make_unique<Store>(state.range(0));
    benchmark::DoNotOptimize(store->table.size());
    state.PauseTiming();
    store.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void UnorderedMapInsert(benchmark::State& state) {
  for (auto _ : state) {
    auto map = std::make_unique<std::unordered_map<std::string, std::string>>();
    for (std::int64_t i = 0; i < state.range(0); ++i) map->emplace(KeyOf(i), KeyOf(i));
    state.PauseTiming();
    map.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Removes a random item and puts it back: the steady state of a store that is being written.
void TableChurn(benchmark::State& state) {
  Store store(state.range(0));
  const auto keys = RandomKeys(1 << 16, state.range(0));
  std::size_t i = 0;
  for (auto _ : state) {
    const std::string& key = keys[i++ & (keys.size() - 1)];
    const std::uint64_t hash = store.table.HashOf(key);
    store.table.Insert(store.table.Remove(key, hash), hash);
  }
}

// Fills a value of `Build`, and reports its bytes per item in use and as mapped from the system.
template <class Build>
void ReportBytes(benchmark::State& state, Build build) {
  double used = 0;
  double mapped = 0;
  for (auto _ : state) {
    for (const std::size_t count : {600'000, 800'000, 1'000'000, 1'200'000}) {
      Heap heap;
      HeapScope scope(heap);
      const auto value = build(count);
      used += static_cast<double>(heap.used_bytes()) / static_cast<double>(count) / 4;
      mapped += static_cast<double>(heap.mapped_bytes()) / static_cast<double>(count) / 4;
    }
  }
  state.counters["bytes"] = used / static_cast<double>(state.iterations());
  state.counters["mapped"] = mapped / static_cast<double>(state.iterations());
}

const ValueContext kContext{.hash_seed = kSeed};

void BytesOfKeys(benchmark::State& state) {
  ReportBytes(state, [](std::size_t count) {
    auto table = std::make_unique<Table<Policy>>(kSeed);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string key = KeyOf(i);
      auto* item = HeapNew<Item>();
      std::memcpy(item->bytes, key.data(), kKeyBytes);
      table->Insert(item, table->HashOf(key));
    }
    return table;
  });
}
void BytesOfFields(benchmark::State& state) {
  ReportBytes(state, [](std::size_t count) {
    Hash hash;
    for (std::size_t i = 0; i < count; ++i) hash.Set(KeyOf(i), KeyOf(i), kContext);
    return hash;
  });
}
void BytesOfSetMembers(benchmark::State& state) {
  ReportBytes(state, [](std::size_t count) {
    Set set;
    for (std::size_t i = 0; i < count; ++i) set.Add(KeyOf(i), kContext);
    return set;
  });
}
void BytesOfScoredMembers(benchmark::State& state) {
  ReportBytes(state, [](std::size_t count) {
    Random random(5);
    SortedSet set;
    for (std::size_t i = 0; i < count; ++i) set.Add(KeyOf(i), random.Unit(), kContext);
    return set;
  });
}

void SetAddHot(benchmark::State& state) {
  Heap heap;
  HeapScope scope(heap);
  Set set;
  const auto keys = RandomKeys(1 << 16, state.range(0));
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(set.Add(keys[i++ & 0xFFFF], kContext));
}

void HashSetHot(benchmark::State& state) {
  Heap heap;
  HeapScope scope(heap);
  Hash hash;
  const auto keys = RandomKeys(1 << 16, state.range(0));
  std::size_t i = 0;
  for (auto _ : state) {
    const std::string& key = keys[i++ & 0xFFFF];
    benchmark::DoNotOptimize(hash.Set(key, key, kContext));
  }
}

void SortedSetAdd(benchmark::State& state) {
  Heap heap;
  HeapScope scope(heap);
  SortedSet set;
  Random random(5);
  const auto keys = RandomKeys(1 << 16, state.range(0));
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(set.Add(keys[i++ & 0xFFFF], random.Unit(), kContext));
  }
}

// ZRANGEBYSCORE with LIMIT 0 10.
void SortedSetRange(benchmark::State& state) {
  Heap heap;
  HeapScope scope(heap);
  SortedSet set;
  Random random(5);
  for (std::int64_t i = 0; i < state.range(0); ++i) set.Add(KeyOf(i), random.Unit(), kContext);
  for (auto _ : state) {
    int left = 10;
    const double min = random.Unit();
    set.VisitScores({.min = min, .max = min + 0.1}, Direction::kForward,
                    [&](std::string_view member, double) {
                      benchmark::DoNotOptimize(member.data()[0]);
                      return --left > 0;
                    });
  }
}

void SortedSetRank(benchmark::State& state) {
  Heap heap;
  HeapScope scope(heap);
  SortedSet set;
  Random random(5);
  for (std::int64_t i = 0; i < state.range(0); ++i) set.Add(KeyOf(i), random.Unit(), kContext);
  const auto keys = RandomKeys(1 << 16, state.range(0));
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(set.Rank(keys[i++ & 0xFFFF]));
}

void ListPush(benchmark::State& state) {
  Heap heap;
  HeapScope scope(heap);
  List list;
  const auto end = static_cast<ListEnd>(state.range(0));
  for (auto _ : state) list.Push(end, "0123456789abcdef", kContext);
  state.counters["bytes"] = static_cast<double>(list.MemoryBytes()) / list.size();
}

// A queue of range(0) elements: in at the front, out at the back.
void ListQueue(benchmark::State& state) {
  Heap heap;
  HeapScope scope(heap);
  List list;
  for (std::int64_t i = 0; i < state.range(0); ++i) list.PushFront("0123456789abcdef", kContext);
  for (auto _ : state) {
    list.PushFront("0123456789abcdef", kContext);
    list.PopBack();
  }
}

void HeapAllocateFree(benchmark::State& state) {
  Heap heap;
  for (auto _ : state) {
    void* block = heap.Allocate(48);
    benchmark::DoNotOptimize(block);
    heap.Free(block, 48);
  }
}

void OpenClose(benchmark::State& state) {
  for (auto _ : state) Store store(1);
}

BENCHMARK(UnorderedMapFind)->Name("map/find")->Arg(1'000)->Arg(1'000'000);
BENCHMARK(TableFind)->Name("table/find")->Arg(1'000)->Arg(1'000'000);
BENCHMARK(TableFindBatch)->Name("table/find_batch16")->Arg(1'000)->Arg(1'000'000);
BENCHMARK(UnorderedMapInsert)->Name("map/insert")->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(TableInsert)->Name("table/insert")->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(TableChurn)->Name("table/churn")->Arg(100'000)->Arg(1'000'000);
BENCHMARK(BytesOfKeys)->Name("bytes/key")->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BytesOfFields)->Name("bytes/field")->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BytesOfSetMembers)->Name("bytes/member")->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BytesOfScoredMembers)->Name("bytes/scored")->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(SetAddHot)->Name("set/add")->Arg(20)->Arg(100'000);
BENCHMARK(HashSetHot)->Name("hash/set")->Arg(10)->Arg(100)->Arg(100'000);
BENCHMARK(SortedSetAdd)->Name("zset/add")->Arg(100)->Arg(100'000);
BENCHMARK(SortedSetRange)->Name("zset/range10")->Arg(100'000);
BENCHMARK(SortedSetRank)->Name("zset/rank")->Arg(100'000);
BENCHMARK(ListPush)->Name("list/push")->Arg(0)->Arg(1)->Iterations(2'000'000);
BENCHMARK(ListQueue)->Name("list/queue")->Arg(10)->Arg(300)->Arg(100'000);
BENCHMARK(HeapAllocateFree)->Name("heap/allocate_free");
BENCHMARK(OpenClose)->Name("heap/open_close");

}  // namespace
}  // namespace satchel::engine

BENCHMARK_MAIN();
