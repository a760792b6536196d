// Any bytes as a sealed value, the body of a checkpoint, a write: no crash, no memory by a number
// that only the bytes claim, and what is read can be written and read again.

#include <string>
#include <string_view>

#include "base/check.h"
#include "repos/checkpoint.h"

namespace satchel::repos {
namespace {

void CheckSealed(std::string_view bytes) {
  const auto value = Unseal(bytes);
  if (!value) return;
  SATCHEL_CHECK(InspectSealed(bytes)->raw_bytes == value->bytes.size());
  for (const std::size_t threshold : {std::size_t{0}, value->bytes.size() + 1}) {
    const auto sealed = Seal(*value, {.threshold_bytes = threshold});
    SATCHEL_CHECK(sealed && Unseal(*sealed).value() == *value);
  }
}

void CheckBody(std::string_view bytes) {
  Checkpoint checkpoint;
  if (!UnpackBody(bytes, checkpoint)) return;
  const std::string packed = PackBody(checkpoint);
  Checkpoint again;
  SATCHEL_CHECK(UnpackBody(packed, again).has_value() && again == checkpoint);
}

void CheckWrite(std::string_view bytes) {
  PendingWrite write;
  if (!UnpackWrite({"type", std::string(bytes)}, write)) return;
  SATCHEL_CHECK(PackWrite(write).bytes == bytes && write.value.type == "type");
}

}  // namespace
}  // namespace satchel::repos

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace satchel::repos;  // NOLINT
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      CheckSealed(bytes);
      break;
    case 1:
      CheckBody(bytes);
      break;
    default:
      CheckWrite(bytes);
  }
  return 0;
}
