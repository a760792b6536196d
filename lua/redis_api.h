// The `redis` library of scripts, and what it shares with those who run them.

#pragma once

#include <array>
#include <lua.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "lua/number_text.h"

namespace satchel::lua {

class Runner;

class RedisApi {
 public:
  enum class Kind : std::uint8_t { kEval, kFunction, kLoading };

  // Pushes a table with the functions and constants that scripts of this kind have, and makes
  // the runner the state's.
  static void Push(lua_State* state, Runner& runner, Kind kind);
};

// The one whose scripts the state runs.
Runner& RunnerOf(lua_State* state);

// Pushes {err=text}; the counted one says that statistics know of the error.
void PushErrorTable(lua_State* state, std::string_view text);
void PushCountedErrorTable(lua_State* state, std::string_view text);

// Pushes an array of strings.
void PushStrings(lua_State* state, std::span<const std::string_view> strings);

// The values on the stack as the words of a command: strings as they are, numbers as %.17g. Used
// again for the next command it keeps its memory.
class CallArguments {
 public:
  // Replaces what was collected before. False when there is a value of another type.
  bool Collect(lua_State* state);
  // Good as long as the stack is, and until the next call of Collect.
  std::span<const std::string_view> args() const { return args_; }

 private:
  std::vector<std::string_view> args_;
  std::vector<std::array<char, kNumberTextSize>> numbers_;
};

}  // namespace satchel::lua
