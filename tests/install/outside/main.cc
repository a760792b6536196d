// A program that knows nothing of Satchel's source tree.

#include <cstdio>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/text.h"

int main() {
  const bool works = satchel::GlobMatch("user:*", "user:7") && satchel::ToHex("\xff") == "ff" &&
                     satchel::Sha256Hex("abc").size() == 64 &&
                     satchel::RealClock::Instance().NowMs() > 0;
  std::puts(works ? "outside: works" : "outside: broken");
  return works ? 0 : 1;
}
