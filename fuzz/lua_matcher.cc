// Patterns of any bytes on subjects of any bytes: the first byte says how long the pattern is.

#include <cstdlib>
#include <string>

#include "lua/matcher.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  // Patterns may take exponential time by their nature; short ones end.
  constexpr std::size_t kMaxSize = 48;
  if (size < 2 || size > kMaxSize) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t pattern_size = std::min<std::size_t>(data[0] % 16, bytes.size());
  const std::string pattern = bytes.substr(0, pattern_size);
  const std::string subject = bytes.substr(pattern_size);
  satchel::lua::Matcher matcher(subject, pattern.c_str());
  for (const char* at = matcher.begin(); at <= matcher.end(); ++at) {
    const char* const end = matcher.MatchAt(at);
    if (end == nullptr) continue;
    if (end < at || end > matcher.end()) std::abort();
    for (int i = 0; i < matcher.captures(); ++i) {
      const auto& capture = matcher.capture(i);
      if (capture.length < 0) continue;
      if (capture.begin < matcher.begin() || capture.begin + capture.length > matcher.end()) {
        std::abort();
      }
    }
  }
  return 0;
}
