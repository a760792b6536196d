#include "engine/events.h"

namespace satchel::engine {
namespace {

struct Letter {
  char letter;
  std::uint32_t event_class;
};

// In the order in which CONFIG GET prints them.
constexpr Letter kLetters[] = {
    {'g', kEventGeneric}, {'$', kEventString}, {'l', kEventList},    {'s', kEventSet},
    {'h', kEventHash},    {'z', kEventZset},   {'x', kEventExpired}, {'e', kEventEvicted},
    {'t', kEventStream},  {'d', kEventModule}, {'n', kEventNew},
};

}  // namespace

std::optional<std::uint32_t> ParseEventClasses(std::string_view letters) {
  std::uint32_t classes = 0;
  for (char c : letters) {
    std::uint32_t found = 0;
    if (c == 'A') found = kEventAll;
    if (c == 'K') found = kEventKeyspace;
    if (c == 'E') found = kEventKeyevent;
    if (c == 'm') found = kEventKeyMiss;
    for (const Letter& letter : kLetters) {
      if (letter.letter == c) found = letter.event_class;
    }
    if (found == 0) return std::nullopt;
    classes |= found;
  }
  return classes;
}

std::string FormatEventClasses(std::uint32_t classes) {
  std::string text;
  if ((classes & kEventAll) == kEventAll) {
    text += 'A';
    if (classes & kEventNew) text += 'n';
  } else {
    for (const Letter& letter : kLetters) {
      if (classes & letter.event_class) text += letter.letter;
    }
  }
  if (classes & kEventKeyspace) text += 'K';
  if (classes & kEventKeyevent) text += 'E';
  if (classes & kEventKeyMiss) text += 'm';
  return text;
}

}  // namespace satchel::engine
