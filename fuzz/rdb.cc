// Any bytes as a value: the first is the RDB type, the rest its body. No crash, and what is taken
// is whole: it survives the codec with the same digest.

#include <string>
#include <string_view>

#include "base/check.h"
#include "engine/digest.h"
#include "engine/rdb/codec.h"

namespace satchel::engine {
namespace {

Entry* Read(std::string_view body, std::uint8_t type) {
  RdbReader reader(body);
  auto entry = ReadRdbObject(reader, type, "key", false, {});
  return entry ? *entry : nullptr;
}

void CheckRoundTrip(std::string_view bytes) {
  Entry* entry = Read(bytes.substr(1), static_cast<std::uint8_t>(bytes[0]));
  if (entry == nullptr) return;
  std::string body;
  AppendRdbObject(body, *entry);
  Entry* again = Read(body, static_cast<std::uint8_t>(RdbTypeOf(*entry)));
  SATCHEL_CHECK(again != nullptr);
  SATCHEL_CHECK(EntryDigest(*entry) == EntryDigest(*again));
  Entry::Free(entry);
  Entry::Free(again);
}

}  // namespace
}  // namespace satchel::engine

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace satchel::engine;  // NOLINT
  if (size == 0 || size > 4096) return 0;
  Heap heap;
  const HeapScope scope(heap);
  CheckRoundTrip({reinterpret_cast<const char*>(data), size});
  SATCHEL_CHECK(heap.used_bytes() == 0);
  return 0;
}
