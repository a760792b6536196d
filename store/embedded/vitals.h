// Vitals: what an embedded store says of its own condition, for health checks and metrics.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace satchel::store {

struct Vitals {
  std::uint64_t used_bytes = 0;
  std::uint64_t max_bytes = 0;  // 0: no limit

  // Of a data directory; without one `keeps_data` is false and the rest means nothing.
  bool keeps_data = false;
  std::uint64_t keys_loaded = 0;
  std::chrono::milliseconds snapshot_interval{0};  // of the save point that is due first; 0: none
  bool last_snapshot_ok = true;
  std::string last_snapshot_error;
  std::int64_t last_snapshot_ms = 0;  // unix; of the load at first
  std::uint64_t unsaved_changes = 0;  // since then
  std::uint64_t snapshots = 0;        // since the start
  std::uint64_t snapshot_bytes = 0;   // written by the last one
  std::uint64_t free_bytes = 0;       // of the disk
  std::uint64_t min_free_bytes = 0;   // less: snapshots fail
};

}  // namespace satchel::store
