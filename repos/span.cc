#include "repos/span.h"

#include "repos/errors.h"

namespace satchel::repos {

Result<void> CheckSpan(std::string_view field, std::chrono::milliseconds span) {
  if (span.count() < 1) return Invalid(field, "must be 1 ms at least");
  if (span > kLongestSpan) return Invalid(field, "must be a hundred years at most");
  return {};
}

}  // namespace satchel::repos
