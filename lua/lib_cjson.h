// What the halves of the cjson library share: its settings, which each instance has for itself.

#pragma once

#include <cstdint>
#include <lua.hpp>

namespace satchel::lua {

enum class InvalidNumbers : std::uint8_t { kRefuse, kKeep, kNull };

struct JsonSettings {
  bool sparse_convert = false;
  int sparse_ratio = 2;
  int sparse_safe = 10;
  int encode_max_depth = 1000;
  int decode_max_depth = 1000;
  int precision = 14;
  bool keep_buffer = true;
  InvalidNumbers encode_invalid = InvalidNumbers::kRefuse;
  bool decode_invalid = true;
};

// Of the running function: its first upvalue.
JsonSettings& JsonSettingsOf(lua_State* state);

int JsonEncode(lua_State* state);
int JsonDecode(lua_State* state);

}  // namespace satchel::lua
