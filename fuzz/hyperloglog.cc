// Any bytes as a HyperLogLog: no crash, a refusal changes nothing, and the ways to count agree.

#include <string>
#include <string_view>

#include "base/check.h"
#include "engine/hyperloglog.h"

namespace satchel::engine::hyperloglog {
namespace {

void CheckWhole(const std::string& bytes) {
  const auto estimate = Estimate(bytes);
  Registers registers;
  const bool whole = registers.Merge(bytes);
  std::string dense = bytes;
  SATCHEL_CHECK(whole == estimate.has_value());
  SATCHEL_CHECK(whole == MakeDense(dense));
  if (!whole) SATCHEL_CHECK(dense == bytes);
  if (whole) SATCHEL_CHECK(*estimate == registers.Estimate() && estimate == Estimate(dense));
}

}  // namespace
}  // namespace satchel::engine::hyperloglog

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace satchel::engine::hyperloglog;  // NOLINT
  if (size < 4) return 0;
  // The last bytes choose a register and its value.
  const Mark mark{static_cast<std::uint16_t>((data[size - 1] << 8 | data[size - 2]) % kRegisters),
                  static_cast<std::uint8_t>(1 + data[size - 3] % 51)};
  std::string bytes(reinterpret_cast<const char*>(data), size - 3);
  if (!IsHyperLogLog(bytes)) return 0;
  CheckWhole(bytes);
  DescribeRuns(bytes);
  CachedCount(bytes);
  const std::string before = bytes;
  const Outcome outcome = Apply(bytes, mark, 3000);
  SATCHEL_CHECK(IsHyperLogLog(bytes));
  SATCHEL_CHECK(outcome == Outcome::kChanged || bytes == before);
  CheckWhole(bytes);
  return 0;
}
