// The payload of FUNCTION RESTORE: any bytes, and any body under a right checksum, which gets as
// far as compiling the libraries.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "lua/function_payload.h"
#include "lua/scripts.h"

namespace {

using satchel::lua::Functions;

struct Subject {
  satchel::ManualClock clock{1'700'000'000'000};
  satchel::ExecutionLock lock;
  satchel::engine::Engine engine{{.clock = clock, .lock = lock, .seed = 1}};
  satchel::lua::Scripts scripts{engine};
};

void Restore(Subject& subject, const std::string& payload) {
  const auto codes = satchel::lua::DecodeFunctionPayload(payload);
  if (!codes) return;
  for (const std::string& code : *codes) {
    // A loop without end would last as long as the clock stands.
    if (code.find("while") != code.npos || code.find("repeat") != code.npos ||
        code.find("for") != code.npos || code.find("goto") != code.npos) {
      return;
    }
  }
  Functions& functions = subject.scripts.functions();
  const auto before = functions.All();
  if (!functions.Restore(*codes, Functions::Policy::kReplace)) {
    if (functions.All() != before) std::abort();
    return;
  }
  const auto again =
      satchel::lua::DecodeFunctionPayload(satchel::lua::EncodeFunctionPayload(functions.All()));
  if (!again || !functions.Restore(*again, Functions::Policy::kFlush)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto* const subject = new Subject;
  const satchel::ExecutionGuard guard(subject->lock);
  std::string payload(reinterpret_cast<const char*>(data), size);
  Restore(*subject, payload);
  satchel::AppendLe(payload, std::uint16_t{10});
  satchel::AppendLe(payload, satchel::Crc64(0, payload));
  Restore(*subject, payload);
  subject->scripts.functions().Flush();
  return 0;
}
