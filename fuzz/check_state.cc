// The saved state of a check from any bytes: what is read is written alike.

#include <cstdlib>
#include <string_view>

#include "repos/check/saved_state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using satchel::repos::check::SavedState;
  const auto state = SavedState::FromText({reinterpret_cast<const char*>(data), size});
  if (!state) return 0;
  const std::string text = state->ToText();
  const auto again = SavedState::FromText(text);
  if (!again || again->ToText() != text) std::abort();
  return 0;
}
