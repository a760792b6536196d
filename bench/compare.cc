// Satchel next to redis-server: CPU of the server per command, requests a second, bytes per
// key; and calls in process next to a hash map. Prints Markdown.
//
//     compare SATCHEL_BINARY [ROUNDS [servers|scripts|memory|process]]
//
// Each server is pinned to core 0 and idle while the other is measured; redis-benchmark runs
// on core 1. Rounds alternate (ABBA); a row shows medians.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "bench/process.h"
#include "store/embedded/embedded_store.h"

namespace satchel::bench {
namespace {

struct Case {
  std::string name;
  std::string arguments;   // of redis-benchmark, after the options
  std::string setup = {};  // likewise, sent once before the first round
};

constexpr const char* kValue = "xxxxxxxxxxxxxxxx";  // 16 bytes

Case ScriptCase(const std::string& name, const std::string& text, const std::string& arguments) {
  const std::string quoted = "\"" + text + "\"";
  const std::string sha = OutputOf("printf %s " + quoted + " | sha1sum").substr(0, 40);
  return {name, "EVALSHA " + sha + " " + arguments, "SCRIPT LOAD " + quoted};
}

std::vector<Case> Cases() {
  const std::string value = kValue;
  const std::string key = "key:__rand_int__";
  std::string pairs;
  for (int i = 0; i < 10; ++i) pairs += " " + key + " " + value;
  return {
      {"PING", "PING"},
      {"SET", "SET " + key + " " + value},
      {"GET", "GET " + key},
      {"INCR", "INCR counter:__rand_int__"},
      {"LPUSH", "LPUSH list " + value},
      {"LPOP", "LPOP list"},
      {"SADD", "SADD set member:__rand_int__"},
      {"HSET", "HSET hash field:__rand_int__ " + value},
      {"ZADD", "ZADD zset __rand_int__ member:__rand_int__"},
      {"ZRANGEBYSCORE", "ZRANGEBYSCORE zset __rand_int__ +inf LIMIT 0 10"},
      {"MSET (10 keys)", "MSET" + pairs},
      ScriptCase("EVALSHA (limiter, 3 calls)",
                 "local n = redis.call('INCR',KEYS[1]) "
                 "if n == 1 then redis.call('PEXPIRE',KEYS[1],ARGV[2]) end "
                 "local left = redis.call('PTTL',KEYS[1]) "
                 "redis.call('GET',KEYS[1]) "
                 "return {n <= tonumber(ARGV[1]) and 1 or 0, n, left}",
                 "1 counter:__rand_int__ 100 60000"),
      ScriptCase("EVALSHA (100 calls)", "for i = 1, 100 do redis.call('INCR',KEYS[1]) end return 1",
                 "1 counter:__rand_int__"),
  };
}

struct Sample {
  double requests_per_s = 0;
  double cpu_s_per_million = 0;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void SetUp(const ServerProcess& server, const Case& test) {
  if (test.setup.empty()) return;
  OutputOf("redis-benchmark -p " + std::to_string(server.port()) + " -c 1 -n 1 " + test.setup +
           " 2>/dev/null");
}

Sample Measure(const ServerProcess& server, const Case& test, int pipeline,
               std::uint64_t requests) {
  const std::string command = "taskset -c 1 redis-benchmark -p " + std::to_string(server.port()) +
                              " -c 50 -r 100000 -n " + std::to_string(requests) + " -P " +
                              std::to_string(pipeline) + " --csv " + test.arguments +
                              " 2>/dev/null | tail -n 1";
  const std::uint64_t before = server.CpuNs();
  const std::string line = OutputOf(command);
  const std::uint64_t cpu_ns = server.CpuNs() - before;
  // The columns after the quoted name: "name","rps",...
  const std::size_t at = line.find("\",\"");
  Sample sample;
  if (at != std::string::npos) sample.requests_per_s = std::strtod(line.c_str() + at + 3, nullptr);
  sample.cpu_s_per_million = static_cast<double>(cpu_ns) / static_cast<double>(requests) / 1000;
  return sample;
}

void CompareServers(const ServerProcess& redis, const ServerProcess& satchel, int rounds,
                    bool only_scripts) {
  std::printf(
      "| command | P | redis req/s | satchel req/s | redis CPU s/M | satchel CPU s/M | ratio |\n"
      "|---|---|---|---|---|---|---|\n");
  for (int pipeline : {1, 16, 64}) {
    const std::uint64_t requests = pipeline == 1 ? 50'000 : pipeline == 16 ? 400'000 : 800'000;
    for (const Case& test : Cases()) {
      if (only_scripts && test.setup.empty()) continue;
      const bool heavy = test.name.find('(') != std::string::npos || test.name[0] == 'Z';
      const bool heaviest = test.name.find("(100 calls)") != std::string::npos;
      const std::uint64_t count = heaviest ? requests / 20 : heavy ? requests / 4 : requests;
      SetUp(redis, test);
      SetUp(satchel, test);
      std::vector<double> speed[2];
      std::vector<double> cpu[2];
      for (int round = 0; round < rounds; ++round) {
        for (int leg = 0; leg < 2; ++leg) {
          const int which = round % 2 == 0 ? leg : 1 - leg;
          const Sample sample = Measure(which == 0 ? redis : satchel, test, pipeline, count);
          speed[which].push_back(sample.requests_per_s);
          cpu[which].push_back(sample.cpu_s_per_million);
        }
      }
      std::printf("| %s | %d | %.0f | %.0f | %.2f | %.2f | **%.2f** |\n", test.name.c_str(),
                  pipeline, Median(speed[0]), Median(speed[1]), Median(cpu[0]), Median(cpu[1]),
                  Median(cpu[0]) / Median(cpu[1]));
      std::fflush(stdout);
    }
  }
}

// --- Memory --------------------------------------------------------------------------------

double BytesPerKey(const ServerProcess& server, const std::string& arguments) {
  const std::string base =
      "taskset -c 1 redis-benchmark -p " + std::to_string(server.port()) + " -q -c 20 -P 64 ";
  OutputOf(base + "-n 1 FLUSHALL 2>/dev/null");
  while (server.InfoNumber("lazyfree_pending_objects") > 0) usleep(10'000);
  const std::uint64_t before = server.InfoNumber("used_memory");
  OutputOf(base + "-r 1000000 -n 3000000 " + arguments + " 2>/dev/null");
  const std::uint64_t keys = server.DatabaseSize();
  const std::uint64_t used = server.InfoNumber("used_memory") - before;
  OutputOf(base + "-n 1 FLUSHALL 2>/dev/null");
  return keys == 0 ? 0 : static_cast<double>(used) / static_cast<double>(keys);
}

void CompareMemory(const ServerProcess& redis, const ServerProcess& satchel) {
  const Case items[] = {
      {"16 B key, 16 B value", "SET key:__rand_int__ " + std::string(kValue)},
      {"the same with a TTL", "SET key:__rand_int__ " + std::string(kValue) + " EX 100000"},
      {"hash of 5 small fields", "HSET key:__rand_int__ a 1 b 2 c 3 d 4 e 5"},
  };
  std::printf("\n| about 950,000 of | redis bytes | satchel bytes |\n|---|---|---|\n");
  for (const Case& item : items) {
    std::printf("| %s | %.1f | %.1f |\n", item.name.c_str(), BytesPerKey(redis, item.arguments),
                BytesPerKey(satchel, item.arguments));
  }
}

// --- In process ----------------------------------------------------------------------------

// Nanoseconds a call, the median of five runs of about 0.1 s.
double TimeOf(const std::function<void(std::size_t)>& call) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> runs;
  for (int run = 0; run < 5; ++run) {
    std::size_t done = 0;
    const auto begin = Clock::now();
    std::chrono::duration<double, std::nano> spent{};
    do {
      for (int i = 0; i < 10'000; ++i) call(done++);
      spent = Clock::now() - begin;
    } while (spent.count() < 1e8);
    runs.push_back(spent.count() / static_cast<double>(done));
  }
  return Median(runs);
}

std::string KeyOf(std::uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "key:%012llu", static_cast<unsigned long long>(number));
  return text;
}

void CompareInProcess() {
  auto store = store::EmbeddedStore::Open({});
  if (!store) std::exit(1);
  std::unordered_map<std::string, std::string> map;
  constexpr std::size_t kKeys = 1'000'000;
  const std::string value = kValue;
  for (std::size_t i = 0; i < kKeys; ++i) {
    const std::string key = KeyOf(i);
    map.emplace(key, value);
    (void)(*store)->Run({"SET", key, value});
  }
  Random random(1);
  std::vector<std::string> keys;
  for (int i = 0; i < 65536; ++i) keys.push_back(KeyOf(random.Below(kKeys)));
  std::string out;
  const std::string hot = keys[0];
  const auto from_map = [&](const std::string& key) { out = map.find(key)->second; };
  const auto from_store = [&](const std::string& key) { (void)(*store)->Get(key, &out); };
  const auto at = [&](std::size_t i) -> const std::string& { return keys[i % keys.size()]; };

  struct Row {
    const char* name;
    double map_ns, store_ns;
  };
  const Row rows[] = {
      {"GET, one hot key", TimeOf([&](std::size_t) { from_map(hot); }),
       TimeOf([&](std::size_t) { from_store(hot); })},
      {"GET, random of 1M", TimeOf([&](std::size_t i) { from_map(at(i)); }),
       TimeOf([&](std::size_t i) { from_store(at(i)); })},
      {"SET over, random of 1M", TimeOf([&](std::size_t i) { map[at(i)] = value; }),
       TimeOf([&](std::size_t i) {
         NullReply ignored;
         const std::string_view args[] = {"SET", at(i), value};
         (*store)->RunInto(args, ignored);
       })},
      {"Run(GET) as a ReplyValue, hot", TimeOf([&](std::size_t) { from_map(hot); }),
       TimeOf([&](std::size_t) {
         (void)(*store)->Run({"GET", hot});
       })},
  };
  std::printf("\n| in process | unordered_map find + copy, ns | store, ns | store / map |\n");
  std::printf("|---|---|---|---|\n");
  for (const Row& row : rows) {
    std::printf("| %s | %.0f | %.0f | **%.2f** |\n", row.name, row.map_ns, row.store_ns,
                row.store_ns / row.map_ns);
  }
  const store::Script one("return 1");
  std::printf("\n`Eval(\"return 1\")` in process: %.0f ns\n",
              TimeOf([&](std::size_t) { (void)(*store)->Eval(one, {}, {}); }));
}

}  // namespace

int Main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr,
                 "usage: compare SATCHEL_BINARY [ROUNDS [servers|scripts|memory|process]]\n");
    return 2;
  }
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 3;
  const std::string part = argc > 3 ? argv[3] : "";
  const auto wanted = [&](const char* name) { return part.empty() || part == name; };
  const ServerProcess redis("redis-server",
                            {"redis-server", "--port", "{port}", "--save", "", "--appendonly", "no",
                             "--bind", "127.0.0.1", "--enable-debug-command", "yes"},
                            0);
  const ServerProcess satchel(
      "satchel", {argv[1], "serve", "--port", "{port}", "--http-enabled", "false", "--in-memory"},
      0);
  const bool scripts = part == "scripts";
  if (wanted("servers") || scripts) CompareServers(redis, satchel, rounds, scripts);
  if (wanted("memory")) CompareMemory(redis, satchel);
  if (wanted("process")) CompareInProcess();
  return 0;
}

}  // namespace satchel::bench

int main(int argc, char** argv) { return satchel::bench::Main(argc, argv); }
