#include "lua/matcher.h"

#include <cstring>

namespace satchel::lua {
namespace {

constexpr char kEscape = '%';

// Deeper patterns than anybody writes; each level takes a few hundred bytes of the C stack.
constexpr int kMaxDepth = 2000;

int Byte(char c) { return static_cast<unsigned char>(c); }

bool IsLower(int c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(int c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(int c) { return c >= '0' && c <= '9'; }
bool IsAlpha(int c) { return IsLower(c) || IsUpper(c); }
bool IsSpace(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsControl(int c) { return c < 32 || c == 127; }
bool IsHex(int c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsPunctuation(int c) { return c > 32 && c < 127 && !IsAlpha(c) && !IsDigit(c); }

bool InClass(int c, int name) {
  bool in = false;
  switch (name | 0x20) {
    case 'a':
      in = IsAlpha(c);
      break;
    case 'c':
      in = IsControl(c);
      break;
    case 'd':
      in = IsDigit(c);
      break;
    case 'l':
      in = IsLower(c);
      break;
    case 'p':
      in = IsPunctuation(c);
      break;
    case 's':
      in = IsSpace(c);
      break;
    case 'u':
      in = IsUpper(c);
      break;
    case 'w':
      in = IsAlpha(c) || IsDigit(c);
      break;
    case 'x':
      in = IsHex(c);
      break;
    case 'z':
      in = c == 0;
      break;
    default:
      return name == c;
  }
  if (!IsAlpha(name)) return name == c;
  return IsUpper(name) ? !in : in;
}

// `p` is at the bracket, `last` at the closing one.
bool InSet(int c, const char* p, const char* last) {
  bool found = true;
  if (p[1] == '^') {
    found = false;
    ++p;
  }
  while (++p < last) {
    if (*p == kEscape) {
      ++p;
      if (InClass(c, Byte(*p))) return found;
    } else if (p[1] == '-' && p + 2 < last) {
      p += 2;
      if (Byte(p[-2]) <= c && c <= Byte(*p)) return found;
    } else if (Byte(*p) == c) {
      return found;
    }
  }
  return !found;
}

// Whether `c` is what the item from `p` to `item_end` stands for.
bool Fits(int c, const char* p, const char* item_end) {
  switch (*p) {
    case '.':
      return true;
    case kEscape:
      return InClass(c, Byte(p[1]));
    case '[':
      return InSet(c, p, item_end - 1);
    default:
      return Byte(*p) == c;
  }
}

}  // namespace

const char* Matcher::MatchAt(const char* at) {
  level_ = 0;
  depth_ = 0;
  return Match(at, pattern_);
}

const Matcher::Capture* Matcher::FindCapture(int index) {
  if (index >= 0 && index < level_) {
    const Capture& found = captures_[static_cast<std::size_t>(index)];
    if (found.length != kUnfinished) return &found;
  }
  Fail("invalid capture index");
  return nullptr;
}

const char* Matcher::ItemEnd(const char* p) {
  switch (*p++) {
    case kEscape:
      if (*p == '\0') return Fail("malformed pattern (ends with '%')");
      return p + 1;
    case '[':
      if (*p == '^') ++p;
      do {  // a bracket that comes first stands for itself
        if (*p == '\0') return Fail("malformed pattern (missing ']')");
        if (*p++ == kEscape && *p != '\0') ++p;
      } while (*p != ']');
      return p + 1;
    default:
      return p;
  }
}

bool Matcher::Frontier(const char* s, const char* p, const char* set_end) const {
  const char before = s == begin_ ? '\0' : s[-1];
  const char after = s == end_ ? '\0' : *s;
  return !InSet(Byte(before), p, set_end - 1) && InSet(Byte(after), p, set_end - 1);
}

const char* Matcher::Balance(const char* s, const char* p) {
  if (p[0] == '\0' || p[1] == '\0') return Fail("unbalanced pattern");
  if (s == end_ || *s != p[0]) return nullptr;
  int open = 1;
  while (++s < end_) {
    if (*s == p[1]) {
      if (--open == 0) return s + 1;
    } else if (*s == p[0]) {
      ++open;
    }
  }
  return nullptr;
}

const char* Matcher::Again(const char* s, char digit) {
  const Capture* const earlier = FindCapture(digit - '1');
  if (earlier == nullptr || earlier->length == kPosition) return nullptr;
  if (end_ - s < earlier->length) return nullptr;
  const auto size = static_cast<std::size_t>(earlier->length);
  return std::memcmp(earlier->begin, s, size) == 0 ? s + size : nullptr;
}

const char* Matcher::OpenCapture(const char* s, const char* p, std::ptrdiff_t what) {
  if (level_ >= kMaxCaptures) return Fail("too many captures");
  captures_[static_cast<std::size_t>(level_)] = {.begin = s, .length = what};
  ++level_;
  const char* const end = Match(s, p);
  if (end == nullptr) --level_;
  return end;
}

const char* Matcher::CloseCapture(const char* s, const char* p) {
  int open = level_ - 1;
  while (open >= 0 && captures_[static_cast<std::size_t>(open)].length != kUnfinished) --open;
  if (open < 0) return Fail("invalid pattern capture");
  Capture& capture = captures_[static_cast<std::size_t>(open)];
  capture.length = s - capture.begin;
  const char* const end = Match(s, p);
  if (end == nullptr) capture.length = kUnfinished;
  return end;
}

const char* Matcher::Expand(const char* s, const char* p, const char* item_end) {
  std::ptrdiff_t count = 0;
  while (s + count < end_ && Fits(Byte(s[count]), p, item_end)) ++count;
  for (; count >= 0 && error_ == nullptr; --count) {
    if (const char* end = Match(s + count, item_end + 1)) return end;
  }
  return nullptr;
}

const char* Matcher::ExpandLeast(const char* s, const char* p, const char* item_end) {
  while (error_ == nullptr) {
    if (const char* end = Match(s, item_end + 1)) return end;
    if (s == end_ || !Fits(Byte(*s), p, item_end)) return nullptr;
    ++s;
  }
  return nullptr;
}

// One character class with what follows it. `more`: go on at *s and *p; otherwise the result is
// that of the rest.
const char* Matcher::MatchSingle(const char** s, const char** p, bool* more) {
  const char* const item_end = ItemEnd(*p);
  if (item_end == nullptr) return nullptr;
  const bool fits = *s < end_ && Fits(Byte(**s), *p, item_end);
  switch (*item_end) {
    case '?':
      if (fits) {
        const char* const end = Match(*s + 1, item_end + 1);
        if (end != nullptr || error_ != nullptr) return end;
      }
      *p = item_end + 1;
      *more = true;
      return nullptr;
    case '*':
      return Expand(*s, *p, item_end);
    case '+':
      return fits ? Expand(*s + 1, *p, item_end) : nullptr;
    case '-':
      return ExpandLeast(*s, *p, item_end);
    default:
      if (!fits) return nullptr;
      ++*s;
      *p = item_end;
      *more = true;
      return nullptr;
  }
}

const char* Matcher::MatchEscape(const char** s, const char** p, bool* more) {
  const char kind = (*p)[1];
  if (kind == 'b') {
    *s = Balance(*s, *p + 2);
    *p += 4;
  } else if (kind == 'f') {
    *p += 2;
    if (**p != '[') return Fail("missing '[' after '%f' in pattern");
    const char* const set_end = ItemEnd(*p);
    if (set_end == nullptr || !Frontier(*s, *p, set_end)) return nullptr;
    *p = set_end;
  } else if (IsDigit(Byte(kind))) {
    *s = Again(*s, kind);
    *p += 2;
  } else {
    return MatchSingle(s, p, more);
  }
  *more = *s != nullptr;
  return nullptr;
}

const char* Matcher::MatchItem(const char** s, const char** p, bool* more) {
  switch (**p) {
    case '(':
      return (*p)[1] == ')' ? OpenCapture(*s, *p + 2, kPosition)
                            : OpenCapture(*s, *p + 1, kUnfinished);
    case ')':
      return CloseCapture(*s, *p + 1);
    case kEscape:
      return MatchEscape(s, p, more);
    case '\0':
      return *s;
    case '$':
      if ((*p)[1] == '\0') return *s == end_ ? *s : nullptr;
      break;
    default:
      break;
  }
  return MatchSingle(s, p, more);
}

const char* Matcher::Match(const char* s, const char* p) {
  if (++depth_ > kMaxDepth) return Fail("pattern too complex");
  bool more = true;
  const char* end = nullptr;
  while (more) {
    more = false;
    end = MatchItem(&s, &p, &more);
  }
  --depth_;
  return error_ == nullptr ? end : nullptr;
}

}  // namespace satchel::lua
