// Checks that only a bug can fail. A failed check prints the expression, the place
// and the command that was running, then aborts, in release builds too.
//
// SATCHEL_DCHECK costs nothing in release builds; use it where the test is not cheap.

#pragma once

#include <string_view>

namespace satchel {

[[noreturn]] void CheckFailed(const char* expression, const char* file, int line);

// Names the command this thread is executing, for the message of a failed check. The
// view must stay valid until it is replaced; returns the previous one.
std::string_view SetCheckContext(std::string_view command);

}  // namespace satchel

#define SATCHEL_CHECK(cond) \
  (__builtin_expect(!(cond), 0) ? ::satchel::CheckFailed(#cond, __FILE__, __LINE__) : (void)0)

#ifdef NDEBUG
#define SATCHEL_DCHECK(cond) ((void)sizeof(!(cond)))
#else
#define SATCHEL_DCHECK(cond) SATCHEL_CHECK(cond)
#endif
