// string.*, but for format. Source: Lua 5.1.

#include <algorithm>
#include <cstring>
#include <string>

#include "lua/arguments.h"
#include "lua/libraries.h"
#include "lua/matcher.h"

namespace satchel::lua {
namespace {

// From the end if negative; 0 if before the beginning.
std::int64_t Position(std::int64_t at, std::size_t size) {
  if (at < 0) at += static_cast<std::int64_t>(size) + 1;
  return std::max<std::int64_t>(at, 0);
}

int Length(lua_State* state) {
  lua_pushnumber(state, static_cast<lua_Number>(CheckString(state, 1).size()));
  return 1;
}

int Sub(lua_State* state) {
  const std::string_view text = CheckString(state, 1);
  const auto size = static_cast<std::int64_t>(text.size());
  const std::int64_t first =
      std::max<std::int64_t>(Position(CheckInteger(state, 2), text.size()), 1);
  const std::int64_t last = std::min(Position(OptInteger(state, 3, -1), text.size()), size);
  if (first > last) {
    lua_pushliteral(state, "");
  } else {
    PushString(state, text.substr(static_cast<std::size_t>(first) - 1,
                                  static_cast<std::size_t>(last - first + 1)));
  }
  return 1;
}

int ByteFunction(lua_State* state) {
  const std::string_view text = CheckString(state, 1);
  const auto size = static_cast<std::int64_t>(text.size());
  const std::int64_t given = Position(OptInteger(state, 2, 1), text.size());
  const std::int64_t last = std::min(Position(OptInteger(state, 3, given), text.size()), size);
  const std::int64_t first = std::max<std::int64_t>(given, 1);
  if (first > last) return 0;
  const std::int64_t count = last - first + 1;
  if (count >= INT32_MAX) Raise(state, "string slice too long");
  if (!HasRoom(state, static_cast<int>(count))) {
    Raise(state, "stack overflow (string slice too long)");
  }
  for (std::int64_t i = first; i <= last; ++i) {
    lua_pushnumber(state, static_cast<unsigned char>(text[static_cast<std::size_t>(i) - 1]));
  }
  return static_cast<int>(count);
}

int Char(lua_State* state) {
  const int count = lua_gettop(state);
  luaL_Buffer buffer;
  char* const out = luaL_buffinitsize(state, &buffer, static_cast<std::size_t>(count));
  for (int i = 1; i <= count; ++i) {
    const int byte = CheckInt(state, i);
    if (byte < 0 || byte > 255) ArgumentError(state, i, "invalid value");
    out[i - 1] = static_cast<char>(byte);
  }
  luaL_pushresultsize(&buffer, static_cast<std::size_t>(count));
  return 1;
}

template <class Change>
int Changed(lua_State* state, Change change) {
  const std::string_view text = CheckString(state, 1);
  luaL_Buffer buffer;
  char* const out = luaL_buffinitsize(state, &buffer, text.size());
  change(text, out);
  luaL_pushresultsize(&buffer, text.size());
  return 1;
}

int Lower(lua_State* state) {
  return Changed(state, [](std::string_view text, char* out) {
    std::transform(text.begin(), text.end(), out, [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
  });
}

int Upper(lua_State* state) {
  return Changed(state, [](std::string_view text, char* out) {
    std::transform(text.begin(), text.end(), out, [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
    });
  });
}

int Reverse(lua_State* state) {
  return Changed(state, [](std::string_view text, char* out) {
    std::reverse_copy(text.begin(), text.end(), out);
  });
}

int Repeat(lua_State* state) {
  const std::string_view text = CheckString(state, 1);
  const int count = CheckInt(state, 2);
  if (count <= 0 || text.empty()) {
    lua_pushliteral(state, "");
    return 1;
  }
  std::size_t total = 0;
  if (__builtin_mul_overflow(text.size(), static_cast<std::size_t>(count), &total) ||
      total > PTRDIFF_MAX / 2) {
    lua_pushliteral(state, "not enough memory");
    RaiseTop(state);
  }
  luaL_Buffer buffer;
  char* out = luaL_buffinitsize(state, &buffer, total);
  for (int i = 0; i < count; ++i, out += text.size()) {
    std::memcpy(out, text.data(), text.size());
  }
  luaL_pushresultsize(&buffer, total);
  return 1;
}

int Dump(lua_State* state) {
  CheckType(state, 1, LUA_TFUNCTION);
  Raise(state, "unable to dump given function");
}

// --- Patterns ------------------------------------------------------------------------------

const char* MatchOrRaise(lua_State* state, Matcher& matcher, const char* at) {
  const char* const end = matcher.MatchAt(at);
  if (end == nullptr && matcher.error() != nullptr) Raise(state, "%s", matcher.error());
  return end;
}

// Capture `index`, or the whole match where a pattern has none.
void PushCapture(lua_State* state, const Matcher& matcher, int index, const char* begin,
                 const char* end) {
  if (index >= matcher.captures()) {
    if (index != 0) Raise(state, "invalid capture index");
    lua_pushlstring(state, begin, static_cast<std::size_t>(end - begin));
    return;
  }
  const Matcher::Capture& capture = matcher.capture(index);
  if (capture.length == Matcher::kUnfinished) Raise(state, "unfinished capture");
  if (capture.length == Matcher::kPosition) {
    lua_pushnumber(state, static_cast<lua_Number>(capture.begin - matcher.begin() + 1));
  } else {
    lua_pushlstring(state, capture.begin, static_cast<std::size_t>(capture.length));
  }
}

// All captures; the whole match if there are none and `begin` is given.
int PushCaptures(lua_State* state, const Matcher& matcher, const char* begin, const char* end) {
  const int count = matcher.captures() == 0 && begin != nullptr ? 1 : matcher.captures();
  luaL_checkstack(state, count, "too many captures");
  for (int i = 0; i < count; ++i) PushCapture(state, matcher, i, begin, end);
  return count;
}

// The first match from `init` on, for find and match.
int Search(lua_State* state, std::string_view text, std::size_t init, bool find) {
  const char* pattern = lua_tostring(state, 2);
  const bool anchored = *pattern == '^';
  Matcher matcher(text, anchored ? pattern + 1 : pattern);
  for (const char* at = text.data() + init; at <= matcher.end(); ++at) {
    if (const char* end = MatchOrRaise(state, matcher, at)) {
      if (!find) return PushCaptures(state, matcher, at, end);
      lua_pushnumber(state, static_cast<lua_Number>(at - text.data() + 1));
      lua_pushnumber(state, static_cast<lua_Number>(end - text.data()));
      return PushCaptures(state, matcher, nullptr, nullptr) + 2;
    }
    if (anchored) break;
  }
  lua_pushnil(state);
  return 1;
}

// Clamps to the end, unlike 5.4.
std::size_t SearchStart(lua_State* state, std::size_t size) {
  const std::int64_t init = Position(OptInteger(state, 3, 1), size) - 1;
  return std::min(static_cast<std::size_t>(std::max<std::int64_t>(init, 0)), size);
}

// Upvalues: subject, pattern, where to go on.
int NextMatch(lua_State* state) {
  const std::string_view text = StringAt(state, lua_upvalueindex(1));
  Matcher matcher(text, lua_tostring(state, lua_upvalueindex(2)));
  auto from = static_cast<std::size_t>(lua_tonumber(state, lua_upvalueindex(3)));
  for (; from <= text.size(); ++from) {
    const char* const at = text.data() + from;
    if (const char* end = MatchOrRaise(state, matcher, at)) {
      auto next = static_cast<std::size_t>(end - text.data());
      if (end == at) ++next;  // an empty match goes one position on
      lua_pushnumber(state, static_cast<lua_Number>(next));
      lua_replace(state, lua_upvalueindex(3));
      return PushCaptures(state, matcher, at, end);
    }
  }
  return 0;
}

// --- gsub ----------------------------------------------------------------------------------

// The replacement string with its %0 to %9 filled in. A percent sign at its end adds a NUL.
void AddTemplate(lua_State* state, const Matcher& matcher, luaL_Buffer* out, const char* begin,
                 const char* end) {
  const std::string_view text = StringAt(state, 3);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      luaL_addchar(out, text[i]);
      continue;
    }
    const char what = ++i < text.size() ? text[i] : '\0';
    if (what < '0' || what > '9') {
      luaL_addchar(out, what);
    } else if (what == '0') {
      luaL_addlstring(out, begin, static_cast<std::size_t>(end - begin));
    } else {
      PushCapture(state, matcher, what - '1', begin, end);
      if (lua_type(state, -1) == LUA_TNUMBER) {
        PushNumberText(state, lua_tonumber(state, -1));
        lua_remove(state, -2);
      }
      luaL_addvalue(out);
    }
  }
}

void AddReplacement(lua_State* state, const Matcher& matcher, luaL_Buffer* out, const char* begin,
                    const char* end) {
  switch (lua_type(state, 3)) {
    case LUA_TFUNCTION: {
      lua_pushvalue(state, 3);
      const int captures = PushCaptures(state, matcher, begin, end);
      lua_call(state, captures, 1);
      break;
    }
    case LUA_TTABLE:
      PushCapture(state, matcher, 0, begin, end);
      lua_gettable(state, 3);
      break;
    default:
      return AddTemplate(state, matcher, out, begin, end);
  }
  if (lua_toboolean(state, -1) == 0) {
    lua_pop(state, 1);
    lua_pushlstring(state, begin, static_cast<std::size_t>(end - begin));
  } else if (lua_type(state, -1) == LUA_TNUMBER) {
    PushNumberText(state, lua_tonumber(state, -1));
    lua_remove(state, -2);
  } else if (lua_type(state, -1) != LUA_TSTRING) {
    Raise(state, "invalid replacement value (a %s)", TypeName(state, -1));
  }
  luaL_addvalue(out);
}

}  // namespace

int StringFind(lua_State* state) {
  const std::string_view text = CheckString(state, 1);
  const std::string_view pattern = CheckString(state, 2);
  const std::size_t init = SearchStart(state, text.size());
  if (lua_toboolean(state, 4) == 0 && std::strpbrk(pattern.data(), "^$*+?.([%-") != nullptr) {
    return Search(state, text, init, true);
  }
  const std::size_t found = text.find(pattern, init);
  if (found == text.npos) {
    lua_pushnil(state);
    return 1;
  }
  lua_pushnumber(state, static_cast<lua_Number>(found + 1));
  lua_pushnumber(state, static_cast<lua_Number>(found + pattern.size()));
  return 2;
}

int StringMatch(lua_State* state) {
  const std::string_view text = CheckString(state, 1);
  CheckString(state, 2);
  return Search(state, text, SearchStart(state, text.size()), false);
}

int StringMatches(lua_State* state) {
  CheckString(state, 1);
  CheckString(state, 2);
  lua_settop(state, 2);
  lua_pushnumber(state, 0);
  lua_pushcclosure(state, NextMatch, 3);
  return 1;
}

int StringReplace(lua_State* state) {
  const std::string_view text = CheckString(state, 1);
  const char* pattern = CheckString(state, 2).data();
  const int type = lua_type(state, 3);
  const int limit = lua_isnoneornil(state, 4)
                        ? static_cast<int>(std::min<std::size_t>(text.size() + 1, INT32_MAX))
                        : CheckInt(state, 4);
  if (type == LUA_TNUMBER) {
    CheckString(state, 3);
  } else if (type != LUA_TSTRING && type != LUA_TFUNCTION && type != LUA_TTABLE) {
    ArgumentError(state, 3, "string/function/table expected");
  }
  const bool anchored = *pattern == '^';
  Matcher matcher(text, anchored ? pattern + 1 : pattern);
  luaL_Buffer out;
  luaL_buffinit(state, &out);
  const char* at = text.data();
  int count = 0;
  while (count < limit) {
    const char* const end = MatchOrRaise(state, matcher, at);
    if (end != nullptr) {
      ++count;
      AddReplacement(state, matcher, &out, at, end);
    }
    if (end != nullptr && end > at) {
      at = end;
    } else if (at < matcher.end()) {
      luaL_addchar(&out, *at++);
    } else {
      break;
    }
    if (anchored) break;
  }
  luaL_addlstring(&out, at, static_cast<std::size_t>(matcher.end() - at));
  luaL_pushresult(&out);
  lua_pushnumber(state, count);
  return 2;
}

void PushStringLibrary(lua_State* state) {
  const luaL_Reg functions[] = {
      {"byte", ByteFunction},
      {"char", Char},
      {"dump", Dump},
      {"find", StringFind},
      {"format", StringFormat},
      {"gfind", StringMatches},
      {"gmatch", StringMatches},
      {"gsub", StringReplace},
      {"len", Length},
      {"lower", Lower},
      {"match", StringMatch},
      {"rep", Repeat},
      {"reverse", Reverse},
      {"sub", Sub},
      {"upper", Upper},
      {nullptr, nullptr},
  };
  luaL_newlib(state, functions);
}

}  // namespace satchel::lua
