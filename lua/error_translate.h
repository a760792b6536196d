// Run-time error texts of Lua 5.4 in the words of Lua 5.1:
//   attempt to index a nil value (local 'x')  ->  attempt to index local 'x' (a nil value)
// Needed where an error becomes visible: pcall, xpcall, coroutines, and the end of a script.

#pragma once

#include <lua.hpp>
#include <string>
#include <string_view>

namespace satchel::lua {

std::string TranslateError(std::string_view text);

// Does so with the value at the top of the stack, if it is a string.
void TranslateErrorAtTop(lua_State* state);

}  // namespace satchel::lua
