#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace satchel {
namespace {
thread_local std::string_view check_context;
}  // namespace

void CheckFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "satchel: check failed: %s at %s:%d", expression, file, line);
  if (!check_context.empty()) {
    std::fprintf(stderr, " while running %.*s", static_cast<int>(check_context.size()),
                 check_context.data());
  }
  std::fputc('\n', stderr);
  std::abort();
}

std::string_view SetCheckContext(std::string_view command) {
  std::string_view previous = check_context;
  check_context = command;
  return previous;
}

}  // namespace satchel
