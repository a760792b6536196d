#include "snapshot/check.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "engine/heap.h"
#include "snapshot/rocks_store.h"
#include "snapshot/store_files.h"

namespace satchel::snapshot {
namespace {

using engine::RdbType;
using engine::ValueType;

constexpr std::size_t kMaxProblems = 20;

// Of the types that rows may have; others are problems.
std::optional<ValueType> TypeOf(std::uint8_t type) {
  switch (static_cast<RdbType>(type)) {
    case RdbType::kString:
      return ValueType::kString;
    case RdbType::kList:
      return ValueType::kList;
    case RdbType::kSet:
      return ValueType::kSet;
    case RdbType::kZset:
      return ValueType::kZset;
    case RdbType::kHash:
    case RdbType::kHashWithDeadlines:
      return ValueType::kHash;
    case RdbType::kStream2:
      return ValueType::kStream;
    default:
      return std::nullopt;
  }
}

class Checker {
 public:
  Checker(const std::string& dir, CheckDepth depth) {
    report_.dir = dir;
    report_.depth = depth;
  }

  Result<CheckReport> Run() {
    auto files = StoreFiles::Open(report_.dir, StoreFiles::Missing::kRefuse);
    if (!files) return Found(files.error());
    auto outcome = Look(**files);
    if (!outcome) return Found(outcome.error());
    return std::move(report_);
  }

 private:
  // Damage is what this is about; the rest keeps from looking.
  Result<CheckReport> Found(const Error& error) {
    if (error.code != ErrorCode::kCorrupt) return error;
    Problem(error.detail);
    return std::move(report_);
  }

  void Problem(std::string line) {
    if (report_.problems.size() == kMaxProblems) report_.problems.push_back("and more");
    if (report_.problems.size() > kMaxProblems) return;
    report_.problems.push_back(std::move(line));
  }

  Result<void> Look(const StoreFiles& files) {
    SATCHEL_ASSIGN(const bool exists, files.HasStore());
    report_.empty = true;
    if (!exists) return {};
    SATCHEL_ASSIGN(const auto store, RocksStore::Open(files, RocksStore::Access::kRead, {}));
    SATCHEL_ASSIGN(const auto committed, store->ReadCommitted());
    if (!committed) return {};
    report_.empty = false;
    report_.epoch = committed->record.epoch;
    report_.clock_ms = committed->record.clock_ms;
    report_.writer = committed->record.writer;
    std::uint64_t total = 0;
    for (const DbmapRow& row : committed->dbmap) {
      SATCHEL_TRY(LookAtDatabase(*store, row));
      total += row.keys;
    }
    if (total != committed->record.total_keys) {
      Problem(fmt::format("the commit record counts {} keys, the database map {}",
                          committed->record.total_keys, total));
    }
    if (report_.depth == CheckDepth::kDeep) SATCHEL_TRY(store->VerifyFiles());
    return {};
  }

  Result<void> LookAtDatabase(RocksStore& store, const DbmapRow& row) {
    CheckReport::Keys& keys = report_.databases[row.index];
    SATCHEL_TRY(store.VisitKeyRows(
        row.dbid, [&](std::string_view key, std::string_view value) -> Result<void> {
          if (auto looked = LookAtRow(keys, key, value); !looked) {
            Problem(fmt::format("key {} (hex) of database {}: {}", ToHex(key), row.index,
                                looked.error().detail));
          }
          return {};
        }));
    if (keys.total != row.keys || keys.with_deadline != row.keys_with_deadline) {
      Problem(fmt::format("database {} has {} keys, {} with a deadline; its record says {} and {}",
                          row.index, keys.total, keys.with_deadline, row.keys,
                          row.keys_with_deadline));
    }
    return {};
  }

  Result<void> LookAtRow(CheckReport::Keys& keys, std::string_view key, std::string_view value) {
    ++keys.total;
    SATCHEL_ASSIGN(const KeyRowHeader header, ParseKeyRowValue(value));
    keys.with_deadline += header.deadline_ms.has_value();
    const auto type = TypeOf(header.type);
    if (!type) return MakeError(ErrorCode::kCorrupt, "unknown type " + FormatInt(header.type));
    ++keys.by_type[static_cast<std::size_t>(*type)];
    if (report_.depth != CheckDepth::kDeep) return {};
    const engine::HeapScope heap(heap_);
    SATCHEL_ASSIGN(engine::Entry * entry, BuildEntry(header, key, {}));
    engine::Entry::Free(entry);
    return {};
  }

  CheckReport report_;
  engine::Heap heap_;
};

}  // namespace

std::string CheckReport::Text() const {
  std::string text = fmt::format("store {}\n", dir);
  if (empty) text += "no snapshot was ever written\n";
  if (!writer.empty()) {
    text += fmt::format("snapshot {}, cut at {} ms, by {}\n", epoch, clock_ms, writer);
  }
  for (const auto& [index, keys] : databases) {
    text += fmt::format("database {}: {} keys, {} with a deadline", index, keys.total,
                        keys.with_deadline);
    for (std::size_t i = 0; i < keys.by_type.size(); ++i) {
      if (keys.by_type[i] == 0) continue;
      text += fmt::format(", {} {}", engine::kTypeNames[i], keys.by_type[i]);
    }
    text += '\n';
  }
  for (const std::string& problem : problems) text += "problem: " + problem + "\n";
  const std::string_view deep =
      depth == CheckDepth::kDeep ? ", every value decoded, file checksums verified" : "";
  if (!sound()) return text + "DAMAGED\n";
  return text + fmt::format("sound: block checksums verified{}\n", deep);
}

Result<CheckReport> CheckStore(const std::string& dir, CheckDepth depth) {
  return Checker(dir, depth).Run();
}

}  // namespace satchel::snapshot
