#include "snapshot/loader.h"

#include "base/bytes.h"
#include "base/text.h"
#include "snapshot/error_text.h"

namespace satchel::snapshot {
namespace {

using engine::Database;
using engine::Entry;

class Loader {
 public:
  Loader(RocksStore& store, const std::string& dir, engine::Engine& engine,
         const LoadOptions& options)
      : store_(store), dir_(dir), engine_(engine), options_(options), now_ms_(engine.now_ms()) {}

  Result<LoadReport> Run(Committed committed) {
    const engine::HeapScope heap(engine_.heap());
    engine::Keyspace& keyspace = engine_.keyspace();
    const CommitRecord& record = committed.record;
    SATCHEL_TRY(CheckMap(committed));
    SATCHEL_TRY(LoadFunctions(committed.functions));
    if (keyspace.hash_seed() != record.hash_secret) keyspace.AdoptHashSeed(record.hash_secret);
    keyspace.set_next_dbid(std::max(keyspace.next_dbid(), record.next_dbid));
    std::vector<std::shared_ptr<Database>> loaded;
    for (const DbmapRow& row : committed.dbmap) {
      loaded.push_back(std::make_shared<Database>(keyspace.TakeDbid(), keyspace.hash_seed()));
      SATCHEL_TRY(LoadDatabase(row, record.epoch, *loaded.back()));
    }
    Adopt(committed.dbmap, loaded);
    report_.committed = std::move(committed);
    return std::move(report_);
  }

 private:
  Error Damaged(const std::string& what) const {
    return StoreError(ErrorCode::kCorrupt, dir_ + "/db", what, dir_);
  }

  Result<void> CheckMap(const Committed& committed) const {
    std::uint64_t total = 0;
    for (const DbmapRow& row : committed.dbmap) {
      total += row.keys;
      if (row.index < engine_.keyspace().databases()) continue;
      return MakeError(ErrorCode::kConfig,
                       dir_ + "/db: holds keys in database " + FormatInt(row.index) +
                           ", but there are only " + FormatInt(engine_.keyspace().databases()) +
                           "; set store.databases to at least " + FormatInt(row.index + 1));
    }
    if (total == committed.record.total_keys) return {};
    return Damaged("the database map and the commit record count different numbers of keys");
  }

  Result<void> LoadFunctions(const std::vector<engine::FunctionLibrary>& functions) {
    auto* const libraries = engine_.Service<engine::FunctionLibraries>();
    if (libraries == nullptr) {
      if (functions.empty()) return {};
      return StoreError(ErrorCode::kNewerFormat, dir_ + "/db",
                        "holds functions, which this program cannot run", dir_);
    }
    auto replaced = libraries->Replace(functions);
    if (!replaced) return Damaged("functions: " + replaced.error().detail);
    return {};
  }

  Result<void> LoadDatabase(const DbmapRow& row, std::uint64_t epoch, Database& db) {
    std::uint64_t keys = 0;
    std::uint64_t with_deadline = 0;
    SATCHEL_TRY(store_.VisitKeyRows(
        row.dbid, [&](std::string_view key, std::string_view value) -> Result<void> {
          auto header = ParseKeyRowValue(value);
          if (header && header->epoch > epoch) {
            header = MakeError(ErrorCode::kCorrupt, "row is newer than the commit record");
          }
          auto entry = header ? BuildEntry(*header, key, engine_.keyspace().context())
                              : Result<Entry*>(header.error());
          if (!entry) return Undecodable(row, key, entry.error());
          ++keys;
          with_deadline += (*entry)->has_deadline();
          Put(db, *entry);
          return {};
        }));
    if (keys == row.keys && with_deadline == row.keys_with_deadline) return {};
    return Damaged("database " + FormatInt(row.index) + " has " + std::to_string(keys) + " keys, " +
                   std::to_string(with_deadline) + " with a deadline; the commit record says " +
                   std::to_string(row.keys) + " and " + std::to_string(row.keys_with_deadline));
  }

  Error Undecodable(const DbmapRow& row, std::string_view key, const Error& why) const {
    return Damaged("key " + ToHex(key) + " (hex) of database " + FormatInt(row.index) + ": " +
                   why.detail);
  }

  void Put(Database& db, Entry* entry) {
    if (options_.drop_expired && entry->ExpiredAt(now_ms_)) {
      Entry::Free(entry);
      ++report_.expired;
      return;
    }
    entry->set_full_walk(engine_.keyspace().full_walk());
    db.Put(entry);
    ++report_.keys;
  }

  // Databases that the map does not name become empty.
  void Adopt(const std::vector<DbmapRow>& map,
             const std::vector<std::shared_ptr<Database>>& loaded) {
    engine::Keyspace& keyspace = engine_.keyspace();
    for (int i = 0; i < keyspace.databases(); ++i) (void)keyspace.Flush(i);
    for (std::size_t i = 0; i < map.size(); ++i) keyspace.Adopt(map[i].index, loaded[i]);
  }

  RocksStore& store_;
  const std::string& dir_;
  engine::Engine& engine_;
  const LoadOptions options_;
  const std::int64_t now_ms_;
  LoadReport report_;
};

}  // namespace

Result<std::optional<LoadReport>> Load(RocksStore& store, const std::string& dir,
                                       engine::Engine& engine, const LoadOptions& options) {
  SATCHEL_ASSIGN(auto committed, store.ReadCommitted());
  if (!committed) return std::optional<LoadReport>();
  SATCHEL_ASSIGN(LoadReport report, Loader(store, dir, engine, options).Run(std::move(*committed)));
  return std::optional<LoadReport>(std::move(report));
}

}  // namespace satchel::snapshot
