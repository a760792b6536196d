// Keyspace notifications: the classes behind notify-keyspace-events and their letters.
// Source: redis 7.0, notify-keyspace-events; 'm' (key miss) and 'n' (new key) are off in 'A'.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace satchel::engine {

enum EventClass : std::uint32_t {
  kEventKeyspace = 1u << 0,  // K
  kEventKeyevent = 1u << 1,  // E
  kEventGeneric = 1u << 2,   // g
  kEventString = 1u << 3,    // $
  kEventList = 1u << 4,      // l
  kEventSet = 1u << 5,       // s
  kEventHash = 1u << 6,      // h
  kEventZset = 1u << 7,      // z
  kEventExpired = 1u << 8,   // x
  kEventEvicted = 1u << 9,   // e
  kEventStream = 1u << 10,   // t
  kEventKeyMiss = 1u << 11,  // m
  kEventModule = 1u << 13,   // d
  kEventNew = 1u << 14,      // n
};
inline constexpr std::uint32_t kEventAll = kEventGeneric | kEventString | kEventList | kEventSet |
                                           kEventHash | kEventZset | kEventExpired | kEventEvicted |
                                           kEventStream | kEventModule;

// Empty when a letter is unknown.
std::optional<std::uint32_t> ParseEventClasses(std::string_view letters);
// As CONFIG GET prints them: 'A' first when all of its classes are set.
std::string FormatEventClasses(std::uint32_t classes);

}  // namespace satchel::engine
