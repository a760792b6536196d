#include "base/random.h"

#include <sys/random.h>

#include "base/check.h"

namespace satchel {

void FillSystemRandom(void* out, unsigned long size) {
  auto* at = static_cast<unsigned char*>(out);
  while (size > 0) {
    const ssize_t got = getrandom(at, size, 0);
    SATCHEL_CHECK(got > 0);
    at += got;
    size -= static_cast<unsigned long>(got);
  }
}

std::uint64_t Random::SystemSeed() {
  std::uint64_t seed;
  FillSystemRandom(&seed, sizeof seed);
  return seed;
}

}  // namespace satchel
