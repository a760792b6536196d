// Checkpoints of threads, as values, and their stored form.

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repos/seal.h"

namespace satchel::repos {

struct CheckpointConfig {
  std::string thread;
  std::string ns = {};                 // "": the root; parts joined by "|"
  std::optional<std::string> id = {};  // of the checkpoint; empty: the latest

  bool operator==(const CheckpointConfig&) const = default;
};

struct Checkpoint {
  std::int64_t v = 1;
  std::string id;
  std::string ts;                                            // ISO 8601
  std::map<std::string, TypedValue> channel_values = {};     // by channel
  std::map<std::string, std::string> channel_versions = {};  // by channel; a JSON scalar, verbatim
  std::string versions_seen = "{}";                          // JSON
  std::string pending_sends = "[]";                          // JSON

  bool operator==(const Checkpoint&) const = default;
};

struct PendingWrite {
  std::string task_id;
  std::string task_path;
  std::int64_t idx = 0;  // position, or the fixed one of a special channel
  std::string channel;
  TypedValue value;

  bool operator==(const PendingWrite&) const = default;
};

struct CheckpointTuple {
  CheckpointConfig config;  // with id
  Checkpoint checkpoint;
  std::string metadata;  // a JSON object, the bytes as they were put
  std::optional<CheckpointConfig> parent = {};
  std::vector<PendingWrite> pending_writes = {};  // by task_path, task_id, idx
  std::int64_t put_ms = 0;
  std::uint64_t seq = 0;  // grows with each new checkpoint of the thread
};

struct CheckpointStats {
  std::string id;
  std::uint64_t raw_bytes = 0;     // of body, metadata, values and writes
  std::uint64_t stored_bytes = 0;  // of the same, sealed
  double ratio = 1;                // raw / stored
  std::string codec;               // "zstd" when anything is compressed, else "raw"
  std::int64_t put_ms = 0;
  std::optional<std::chrono::milliseconds> ttl_left = {};
};

struct CheckpointEvent {
  std::string thread;
  std::string ns;
  std::string id;
  std::uint64_t seq = 0;
  std::int64_t put_ms = 0;

  bool operator==(const CheckpointEvent&) const = default;
};

// Channels of writes that have a place of their own and are replaced: __error__ -1,
// __scheduled__ -2, __interrupt__ -3, __resume__ -4.
std::optional<std::int64_t> SpecialIndex(std::string_view channel);

// The payload of `body`, before it is sealed:
//   v, versions_seen, pending_sends, then channel and version of each; each of them a u32 LE
//   length and its bytes.
std::string PackBody(const Checkpoint& checkpoint);
// Into `checkpoint`. Errors: kCorrupt.
Result<void> UnpackBody(std::string_view bytes, Checkpoint& checkpoint);
// Of a write: task path, channel, bytes of the value, in the same form; the type of the sealed
// value is the value's.
TypedValue PackWrite(const PendingWrite& write);
Result<void> UnpackWrite(TypedValue packed, PendingWrite& write);

}  // namespace satchel::repos
