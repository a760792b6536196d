// What every value has in common. A value other than a string is an 8-byte handle (List,
// Set, SortedSet, Hash, Stream) that lives inside its key's entry and owns its memory in the
// current Heap: move-only, destroyed where the entry is destroyed.

#pragma once

#include <cstdint>
#include <string_view>

namespace satchel::engine {

// Persisted nowhere; the order is that of the type names below.
enum class ValueType : std::uint8_t { kString = 0, kList, kSet, kZset, kHash, kStream };
inline constexpr int kValueTypes = 6;

// As TYPE prints them.
inline constexpr std::string_view kTypeNames[kValueTypes] = {"string", "list", "set",
                                                             "zset",   "hash", "stream"};

// Where packed forms end, by the names and defaults of redis 7.0's configuration.
struct EncodingLimits {
#ifdef SATCHEL_TINY
  std::int64_t hash_max_listpack_entries = 4;
  std::int64_t hash_max_listpack_value = 8;
  std::int64_t zset_max_listpack_entries = 4;
  std::int64_t zset_max_listpack_value = 8;
  std::int64_t set_max_intset_entries = 4;
  std::int64_t list_max_listpack_size = 3;
  std::int64_t hll_max_sparse_bytes = 40;
  std::int64_t stream_node_max_bytes = 128;
  std::int64_t stream_node_max_entries = 4;
#else
  std::int64_t hash_max_listpack_entries = 512;
  std::int64_t hash_max_listpack_value = 64;
  std::int64_t zset_max_listpack_entries = 128;
  std::int64_t zset_max_listpack_value = 64;
  std::int64_t set_max_intset_entries = 512;
  std::int64_t list_max_listpack_size = -2;  // elements; -1..-5: 4, 8, 16, 32, 64 KB a block
  std::int64_t hll_max_sparse_bytes = 3000;
  std::int64_t stream_node_max_bytes = 4096;   // 0: none
  std::int64_t stream_node_max_entries = 100;  // 0: none
#endif
};

// What a mutator needs to know of its store. Handed out by the keyspace.
struct ValueContext {
  EncodingLimits limits;
  std::uint64_t hash_seed = 0;
};

}  // namespace satchel::engine
