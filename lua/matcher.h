// Matcher: patterns of Lua 5.1. A pattern ends at its first NUL; a subject does not.
// Source: Lua 5.1, string patterns.

#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace satchel::lua {

class Matcher {
 public:
  static constexpr int kMaxCaptures = 32;
  static constexpr std::ptrdiff_t kUnfinished = -1;
  static constexpr std::ptrdiff_t kPosition = -2;  // an empty pair of parentheses

  struct Capture {
    const char* begin = nullptr;
    std::ptrdiff_t length = 0;  // or one of the above
  };

  // Both are borrowed, and a NUL follows each, as in Lua's strings.
  Matcher(std::string_view subject, const char* pattern)
      : begin_(subject.data()), end_(subject.data() + subject.size()), pattern_(pattern) {}

  // The end of a match that begins at `at`, or null. Fills the captures.
  // Null with an error() when the pattern is malformed.
  const char* MatchAt(const char* at);

  const char* error() const { return error_; }
  int captures() const { return level_; }
  const Capture& capture(int index) const { return captures_[static_cast<std::size_t>(index)]; }
  // For captures that are asked for by number. Null: there is none, with an error().
  const Capture* FindCapture(int index);

  const char* begin() const { return begin_; }
  const char* end() const { return end_; }

 private:
  const char* Match(const char* s, const char* p);
  const char* MatchItem(const char** s, const char** p, bool* more);
  const char* MatchEscape(const char** s, const char** p, bool* more);
  const char* MatchSingle(const char** s, const char** p, bool* more);
  const char* Expand(const char* s, const char* p, const char* item_end);
  const char* ExpandLeast(const char* s, const char* p, const char* item_end);
  const char* OpenCapture(const char* s, const char* p, std::ptrdiff_t what);
  const char* CloseCapture(const char* s, const char* p);
  const char* Balance(const char* s, const char* p);
  const char* Again(const char* s, char digit);
  const char* ItemEnd(const char* p);
  bool Frontier(const char* s, const char* p, const char* set_end) const;
  const char* Fail(const char* error) {
    if (error_ == nullptr) error_ = error;
    return nullptr;
  }

  const char* begin_;
  const char* end_;
  const char* pattern_;
  const char* error_ = nullptr;
  int level_ = 0;
  int depth_ = 0;
  std::array<Capture, kMaxCaptures> captures_;
};

}  // namespace satchel::lua
