// The payload of FUNCTION DUMP: libraries as in an RDB file, one behind the other.
//
// payload = { u8 245, code as an RDB string }, u16 RDB version (little endian), u64 crc64 of all
//           before
// Source: redis 7.0.15, FUNCTION DUMP and FUNCTION RESTORE.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/function_libraries.h"

namespace satchel::lua {

std::string EncodeFunctionPayload(std::span<const engine::FunctionLibrary> libraries);

// The codes. Every byte is hostile. The error is a whole reply.
Result<std::vector<std::string>> DecodeFunctionPayload(std::string_view payload);

}  // namespace satchel::lua
