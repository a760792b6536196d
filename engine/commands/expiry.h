// Deadlines as arguments: EX, PX, EXAT and PXAT, shared by SET, GETEX and their like.

#pragma once

#include "engine/call.h"

namespace satchel::engine {

struct TtlUnit {
  bool seconds = false;
  bool absolute = false;
};

// Turns argument `i` into a deadline (unix ms) in the future or past. Errors: not an integer,
// not positive, overflow ("invalid expire time in '<command>' command").
Result<std::int64_t> ParseDeadline(const Call& call, std::size_t i, TtlUnit unit);

// The unit that a keyword stands for; empty when it is none of the four.
std::optional<TtlUnit> TtlKeyword(std::string_view keyword);

}  // namespace satchel::engine
