// Parameters: what CONFIG GET and CONFIG SET show of a server, and what its loops read.
//
// One object per engine, made by the first server and kept by the engine's settings: a server
// that comes later uses it again. Thread: atomics from any thread; the rest is written before
// the server starts and read under the execution lock.
// Source: redis 7.0.15, the parameters of the same names.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "engine/engine.h"

namespace satchel::server {

// Output that a client may leave unread. 0: no limit.
struct OutputLimit {
  std::atomic<std::int64_t> hard_bytes;  // closed at once
  std::atomic<std::int64_t> soft_bytes;  // closed when over it for soft_seconds
  std::atomic<std::int64_t> soft_seconds;
};

enum class ClientClass : std::uint8_t { kNormal, kReplica, kPubSub };

struct Parameters {
  std::atomic<std::int64_t> max_clients{10000};
  std::atomic<std::int64_t> idle_timeout_s{0};
  std::atomic<std::int64_t> keepalive_s{300};
  std::array<OutputLimit, 3> output_limits{{
      {0, 0, 0},
      {256 << 20, 64 << 20, 60},
      {32 << 20, 8 << 20, 60},
  }};
  const OutputLimit& output_limit(ClientClass of) const {
    return output_limits[static_cast<std::size_t>(of)];
  }

  std::atomic<std::int64_t> query_buffer_limit{1 << 30};  // bytes
  // maxmemory-clients: bytes; negative: percent of maxmemory; 0: no limit.
  std::int64_t max_client_memory = 0;
  // Heap bytes of all clients' sessions and buffers, as they were noted.
  std::atomic<std::int64_t> client_memory{0};

  // As it was noted last; 0: to be noted.
  std::atomic<std::int64_t> eviction_limit{INT64_MAX};

  // The largest buffers of the last seconds.
  class RecentMax {
   public:
    void Note(std::int64_t now_s, std::int64_t bytes) {
      Slot& slot = slots_[static_cast<std::size_t>(now_s) % kSeconds];
      if (slot.second.load(std::memory_order_relaxed) != now_s &&
          slot.second.exchange(now_s, std::memory_order_relaxed) != now_s) {
        slot.bytes = 0;
      }
      if (slot.bytes.load(std::memory_order_relaxed) < bytes) slot.bytes = bytes;
    }
    std::int64_t Get(std::int64_t now_s) const {
      std::int64_t most = 0;
      for (const Slot& slot : slots_) {
        if (slot.second > now_s - kSeconds && slot.bytes > most) most = slot.bytes;
      }
      return most;
    }

   private:
    static constexpr std::int64_t kSeconds = 8;
    struct Slot {
      std::atomic<std::int64_t> second{0};
      std::atomic<std::int64_t> bytes{0};
    };
    std::array<Slot, kSeconds> slots_;
  };
  RecentMax recent_input;
  RecentMax recent_output;

  // What all clients together may take now, by maxmemory-clients; INT64_MAX: no limit. Keeps it
  // in eviction_limit. Under the lock.
  std::int64_t NoteClientMemoryLimit(std::int64_t max_memory);

  std::string bind;
  std::int64_t port = 0;
  std::string unix_socket;
  std::int64_t unix_socket_mode = 0;
  std::int64_t backlog = 511;

  // Called under the lock after CONFIG SET timeout; empty while no server runs.
  std::function<void()> on_idle_timeout;

  // Those of an engine; adds the CONFIG rows when it asks for the first time. Under the lock.
  static Parameters& Of(engine::Engine& engine);
};

}  // namespace satchel::server
