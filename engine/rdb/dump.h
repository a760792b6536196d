// Whole values as bytes: DUMP and RESTORE payloads, and the round trip of DEBUG RELOAD.
//
// payload = u8 type, object body, u16 RDB version (little endian), u64 crc64 of all before
// Source: redis 7.0.15, DUMP and RESTORE.

#pragma once

#include <string>

#include "base/result.h"
#include "engine/entry.h"

namespace satchel::engine {

class Engine;

// Type byte, body and footer of one value; without key and deadline.
std::string DumpValue(const Entry& entry);
// An entry with the value of a payload. kCorrupt: wrong version, checksum or content.
Result<Entry*> RestoreValue(std::string_view payload, std::string_view key,
                            const ValueContext& context);
// Bytes of the object body, as DEBUG OBJECT tells them.
std::size_t SerializedSize(const Entry& entry);

// Takes every value through the codec and back into a new keyspace. On an error nothing changed.
Result<void> ReloadInMemory(Engine& engine);

// What DEBUG RELOAD calls where data is kept on disk; attached by snapshot/.
class Reloader {
 public:
  virtual ~Reloader() = default;
  virtual Result<void> Reload() = 0;
};

}  // namespace satchel::engine
