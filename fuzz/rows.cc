// Any bytes as the rows of a store: key rows, commit records, database maps. No crash; a row that
// is taken can be written again.

#include <string>
#include <string_view>

#include "base/check.h"
#include "snapshot/rows.h"

namespace satchel::snapshot {
namespace {

void CheckKeyRow(std::string_view value) {
  const auto row = ParseKeyRowValue(value);
  if (!row) return;
  auto entry = BuildEntry(*row, "key", {});
  if (!entry) return;
  std::string again;
  AppendKeyRowValue(again, **entry, row->epoch);
  const auto reread = ParseKeyRowValue(again);
  SATCHEL_CHECK(reread && reread->deadline_ms == row->deadline_ms);
  engine::Entry::Free(*entry);
}

void CheckMeta(std::string_view bytes) {
  if (const auto record = DecodeCommit(bytes)) {
    SATCHEL_CHECK(DecodeCommit(EncodeCommit(*record)) == *record);
  }
  const std::string name = FunctionRowKey("name");
  if (const auto library = DecodeFunctionRow(name, bytes)) {
    SATCHEL_CHECK(EncodeFunctionRow(library->code) == bytes && library->name == "name");
  }
  if (const auto map = DecodeDbmap(bytes)) SATCHEL_CHECK(EncodeDbmap(*map) == bytes);
}

}  // namespace
}  // namespace satchel::snapshot

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace satchel;  // NOLINT
  if (size > 4096) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  engine::Heap heap;
  const engine::HeapScope scope(heap);
  snapshot::CheckKeyRow(bytes);
  snapshot::CheckMeta(bytes);
  SATCHEL_CHECK(heap.used_bytes() == 0);
  return 0;
}
