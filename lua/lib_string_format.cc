// string.format. Source: Lua 5.1.

#include <clocale>
#include <cstdio>
#include <cstring>

#include "lua/arguments.h"
#include "lua/libraries.h"
#include "lua/number_text.h"

namespace satchel::lua {
namespace {

constexpr std::size_t kMaxItem = 512;  // a number with the widest width and precision fits
constexpr std::size_t kMaxFormat = 24;

// Numbers are printed as in the C locale, whatever the host has set.
class PlainNumbers {
 public:
  PlainNumbers() : before_(uselocale(Plain())) {}
  ~PlainNumbers() { uselocale(before_); }
  PlainNumbers(const PlainNumbers&) = delete;
  PlainNumbers& operator=(const PlainNumbers&) = delete;

 private:
  static locale_t Plain() {
    static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
    return locale;
  }
  locale_t before_;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Copies "%", flags, width and precision to `spec`; returns what follows.
const char* ReadSpec(lua_State* state, const char* at, char* spec) {
  constexpr const char* kFlags = "-+ #0";
  const char* p = at;
  while (*p != '\0' && std::strchr(kFlags, *p) != nullptr) ++p;
  if (p - at >= static_cast<std::ptrdiff_t>(std::strlen(kFlags)) + 1) {
    Raise(state, "invalid format (repeated flags)");
  }
  for (int i = 0; i < 2 && IsDigit(*p); ++i) ++p;
  if (*p == '.') {
    ++p;
    for (int i = 0; i < 2 && IsDigit(*p); ++i) ++p;
  }
  if (IsDigit(*p)) Raise(state, "invalid format (width or precision too long)");
  *spec++ = '%';
  std::memcpy(spec, at, static_cast<std::size_t>(p - at));
  spec[p - at] = '\0';
  return p;
}

void AddQuoted(lua_State* state, int argument, luaL_Buffer* out) {
  const std::string_view text = CheckString(state, argument);
  luaL_addchar(out, '"');
  for (char c : text) {
    switch (c) {
      case '"':
      case '\\':
      case '\n':
        luaL_addchar(out, '\\');
        luaL_addchar(out, c);
        break;
      case '\r':
        luaL_addlstring(out, "\\r", 2);
        break;
      case '\0':
        luaL_addlstring(out, "\\000", 4);
        break;
      default:
        luaL_addchar(out, c);
    }
  }
  luaL_addchar(out, '"');
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"  // the spec was checked by ReadSpec

template <class Value>
void AddFormatted(luaL_Buffer* out, char* spec, const char* conversion, Value value) {
  std::strcat(spec, conversion);
  char item[kMaxItem];
  const PlainNumbers plain;
  std::snprintf(item, sizeof item, spec, value);
  luaL_addlstring(out, item, std::strlen(item));  // %c of 0 adds nothing
}

// A long string without a precision goes out whole; any other ends at its first NUL.
void AddString(lua_State* state, int argument, luaL_Buffer* out, char* spec) {
  const std::string_view text = CheckString(state, argument);
  if (spec[1] == '\0' || (std::strchr(spec, '.') == nullptr && text.size() >= 100)) {
    const std::size_t size = text.size() >= 100 ? text.size() : std::strlen(text.data());
    luaL_addlstring(out, text.data(), size);
    return;
  }
  AddFormatted(out, spec, "s", text.data());
}

#pragma GCC diagnostic pop

void AddItem(lua_State* state, int argument, luaL_Buffer* out, char* spec, char conversion) {
  const char simple[] = {conversion, '\0'};
  const char wide[] = {'l', conversion, '\0'};
  switch (conversion) {
    case 'c':
      return AddFormatted(out, spec, simple, TruncateToInt32(CheckNumber(state, argument)));
    case 'd':
    case 'i':
      return AddFormatted(out, spec, wide, static_cast<long>(CheckInteger(state, argument)));
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      return AddFormatted(
          out, spec, wide,
          static_cast<unsigned long>(TruncateToUint64(CheckNumber(state, argument))));
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      return AddFormatted(out, spec, simple, CheckNumber(state, argument));
    case 'q':
      return AddQuoted(state, argument, out);
    case 's':
      return AddString(state, argument, out, spec);
    default:
      Raise(state, "invalid option '%%%s' to 'format'", simple);
  }
}

}  // namespace

int StringFormat(lua_State* state) {
  const int count = lua_gettop(state);
  const std::string_view format = CheckString(state, 1);
  const char* p = format.data();
  const char* const end = p + format.size();
  luaL_Buffer out;
  luaL_buffinit(state, &out);
  int argument = 1;
  while (p < end) {
    if (*p != '%') {
      luaL_addchar(&out, *p++);
    } else if (*++p == '%') {
      luaL_addchar(&out, *p++);
    } else {
      if (++argument > count) ArgumentError(state, argument, "no value");
      char spec[kMaxFormat];
      p = ReadSpec(state, p, spec);
      AddItem(state, argument, &out, spec, *p++);
    }
  }
  luaL_pushresult(&out);
  return 1;
}

}  // namespace satchel::lua
