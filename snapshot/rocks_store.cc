#include "snapshot/rocks_store.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/options.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/check.h"
#include "base/text.h"
#include "snapshot/error_text.h"
#include "snapshot/rocks_env.h"

namespace satchel::snapshot {
namespace {

using rocksdb::Slice;
using rocksdb::Status;

// Hands RocksDB's warnings on; no log file is written.
class WarnLogger final : public rocksdb::Logger {
 public:
  explicit WarnLogger(RocksStore::Warn warn)
      : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), warn_(std::move(warn)) {}

  using Logger::Logv;
  void Logv(const char* format, va_list args) override {
    if (!warn_) return;
    char line[512];
    std::vsnprintf(line, sizeof line, format, args);
    warn_(std::string("rocksdb: ") + line);
  }

 private:
  RocksStore::Warn warn_;
};

rocksdb::BlockBasedTableOptions TableOptions() {
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16 * 1024;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  table.no_block_cache = true;  // the store is read once, at start
  table.filter_policy = nullptr;
  return table;
}

rocksdb::Options StoreOptions(rocksdb::Env* env, std::shared_ptr<rocksdb::Logger> logger) {
  rocksdb::Options options;
  options.OptimizeForSmallDb();
  options.env = env;
  options.info_log = std::move(logger);
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.verify_sst_unique_id_in_manifest = false;  // taken-in files have none; it would warn
  options.write_buffer_size = 1024 * 1024;           // unused
  options.max_background_jobs = 2;
  options.max_open_files = 256;
  options.compaction_style = rocksdb::kCompactionStyleUniversal;
  options.compaction_options_universal.max_size_amplification_percent = 50;
  options.level0_file_num_compaction_trigger = 16;
  options.level0_slowdown_writes_trigger = 200;
  options.level0_stop_writes_trigger = 400;
  options.target_file_size_base = 64 * 1024 * 1024;
  options.rate_limiter.reset(rocksdb::NewGenericRateLimiter(32 * 1024 * 1024));
  options.compression = rocksdb::kLZ4Compression;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions()));
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ReadOptions WholeReads() {
  rocksdb::ReadOptions reads;
  reads.verify_checksums = true;
  reads.fill_cache = false;
  reads.readahead_size = 2 * 1024 * 1024;
  return reads;
}

Slice AsSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view AsView(const Slice& bytes) { return {bytes.data(), bytes.size()}; }

// For sorting: eight bytes of the key decide most comparisons without a visit of the key.
struct RowRef {
  std::uint64_t prefix;
  std::string_view key;
  std::string_view value;

  bool operator<(const RowRef& other) const {
    if (prefix != other.prefix) return prefix < other.prefix;
    return key < other.key;
  }
};

// The kind of row and the upper half of the dbid are the same for all rows of a run.
std::uint64_t PrefixOf(std::string_view row_key) {
  constexpr std::size_t kSame = 1;
  char bytes[8] = {};
  if (row_key.size() > kSame) {
    std::memcpy(bytes, row_key.data() + kSame, std::min<std::size_t>(8, row_key.size() - kSame));
  }
  return LoadBe<std::uint64_t>(bytes);
}

std::vector<RowRef> SortRows(std::span<const RowBuffer> buffers) {
  std::vector<RowRef> rows;
  for (const RowBuffer& buffer : buffers) {
    buffer.ForEach([&](std::string_view key, std::string_view value) {
      rows.push_back({PrefixOf(key), key, value});
    });
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

struct RocksStore::Impl {
  Impl(const StoreFiles& store_files, Warn warn)
      : files(store_files),
        env(NewStoreEnv()),
        options(StoreOptions(env.get(), std::make_shared<WarnLogger>(std::move(warn)))) {}

  // Without rows in between, an iterator on either side of a kind finds the next kind at once.
  Result<bool> AnyRowIn(const std::string& begin, const std::string& end) {
    rocksdb::ReadOptions reads = WholeReads();
    reads.readahead_size = 0;
    const Slice upper(end);
    if (!end.empty()) reads.iterate_upper_bound = &upper;
    std::unique_ptr<rocksdb::Iterator> rows(db->NewIterator(reads));
    rows->Seek(begin);
    if (!rows->status().ok()) return ReadError(rows->status());
    return rows->Valid();
  }

  Result<void> CheckRowKinds() {
    // Chunk rows without a descriptor are garbage.
    const std::pair<const char*, const char*> unknown[] = {
        {"", "C"}, {"D", "F"}, {"G", "K"}, {"L", "M"}, {"N", ""}};
    for (const auto& [begin, end] : unknown) {
      SATCHEL_ASSIGN(const bool found, AnyRowIn(begin, end));
      if (found) {
        return StoreError(ErrorCode::kNewerFormat, files.db(),
                          "holds rows of a kind that this build does not know", files.dir());
      }
    }
    return {};
  }

  Result<std::vector<engine::FunctionLibrary>> ReadFunctions() {
    rocksdb::ReadOptions reads = WholeReads();
    const std::string begin(1, kFunctionRow);
    const std::string end(1, kFunctionRow + 1);
    const Slice upper(end);
    reads.iterate_upper_bound = &upper;
    std::unique_ptr<rocksdb::Iterator> rows(db->NewIterator(reads));
    std::vector<engine::FunctionLibrary> functions;
    for (rows->Seek(begin); rows->Valid(); rows->Next()) {
      auto function = DecodeFunctionRow(AsView(rows->key()), AsView(rows->value()));
      if (!function) {
        return StoreError(function.error().code, files.db(), function.error().detail, files.dir());
      }
      functions.push_back(std::move(*function));
    }
    if (!rows->status().ok()) return ReadError(rows->status());
    return functions;
  }

  // Empty when there is no such row.
  Result<std::optional<std::string>> Get(std::string_view key) {
    std::string value;
    const Status status = db->Get(WholeReads(), AsSlice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return ReadError(status);
    return std::optional<std::string>(std::move(value));
  }

  Error ReadError(const Status& status) const {
    const bool damaged = status.IsCorruption() || status.IsInvalidArgument();
    return StoreError(damaged ? ErrorCode::kCorrupt : ErrorCode::kIo, files.db(), status.ToString(),
                      files.dir());
  }

  const StoreFiles& files;
  std::shared_ptr<rocksdb::Env> env;
  rocksdb::Options options;
  std::unique_ptr<rocksdb::DB> db;  // closed before its environment
  bool ingest_failed = false;
};

RocksStore::RocksStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RocksStore::~RocksStore() {
  if (impl_->db != nullptr) (void)impl_->db->Close();
}

Result<std::unique_ptr<RocksStore>> RocksStore::Open(const StoreFiles& files, Access access,
                                                     Warn warn) {
  auto impl = std::make_unique<Impl>(files, std::move(warn));
  rocksdb::DB* db = nullptr;
  const Status status = access == Access::kRead
                            ? rocksdb::DB::OpenForReadOnly(impl->options, files.db(), &db)
                            : rocksdb::DB::Open(impl->options, files.db(), &db);
  if (!status.ok()) return impl->ReadError(status);
  impl->db.reset(db);
  return std::unique_ptr<RocksStore>(new RocksStore(std::move(impl)));
}

Result<std::optional<Committed>> RocksStore::ReadCommitted() {
  const StoreFiles& files = impl_->files;
  const auto damaged = [&](const Error& error) {
    return StoreError(error.code, files.db(), error.detail, files.dir());
  };
  SATCHEL_ASSIGN(const auto noted, files.ReadEpoch());
  SATCHEL_ASSIGN(const auto commit, impl_->Get(kCommitKey));
  if (!commit) {
    SATCHEL_ASSIGN(const bool rows, impl_->AnyRowIn("", ""));
    if (!rows && !noted) return std::optional<Committed>();
    return damaged(MakeError(ErrorCode::kCorrupt, "holds no commit record"));
  }
  auto record = DecodeCommit(*commit);
  if (!record) return damaged(record.error());
  if (noted && *noted > record->epoch) {
    return damaged(MakeError(ErrorCode::kCorrupt,
                             "ends at snapshot " + std::to_string(record->epoch) +
                                 ", but snapshot " + std::to_string(*noted) + " was done"));
  }
  SATCHEL_TRY(impl_->CheckRowKinds());
  SATCHEL_ASSIGN(const auto map, impl_->Get(kDbmapKey));
  auto dbmap = DecodeDbmap(map.value_or("?"));
  if (!dbmap) return damaged(dbmap.error());
  SATCHEL_ASSIGN(auto functions, impl_->ReadFunctions());
  return std::optional<Committed>(
      Committed{std::move(*record), std::move(*dbmap), std::move(functions)});
}

Result<void> RocksStore::VisitKeyRows(std::uint32_t dbid, const RowVisitor& visit) {
  const std::string begin = KeyRowPrefix(dbid);
  const std::string end = dbid == UINT32_MAX ? std::string(1, kKeyRow + 1) : KeyRowPrefix(dbid + 1);
  rocksdb::ReadOptions reads = WholeReads();
  const Slice upper(end);
  reads.iterate_upper_bound = &upper;
  std::unique_ptr<rocksdb::Iterator> rows(impl_->db->NewIterator(reads));
  for (rows->Seek(begin); rows->Valid(); rows->Next()) {
    SATCHEL_TRY(visit(AsView(rows->key()).substr(begin.size()), AsView(rows->value())));
  }
  if (!rows->status().ok()) return impl_->ReadError(rows->status());
  return {};
}

Result<void> RocksStore::VerifyFiles() {
  const Status status = impl_->db->VerifyFileChecksums(WholeReads());
  if (!status.ok()) return impl_->ReadError(status);
  return {};
}

std::uint64_t RocksStore::LiveBytes() const {
  std::uint64_t bytes = 0;
  (void)impl_->db->GetIntProperty(rocksdb::DB::Properties::kLiveSstFilesSize, &bytes);
  return bytes;
}

// --- Writing ---------------------------------------------------------------------------------

RunWriter::RunWriter(RocksStore& store, std::uint64_t epoch) : store_(store), epoch_(epoch) {}

RunWriter::~RunWriter() { Discard(); }

void RunWriter::Discard() {
  for (const File& file : files_) (void)unlink(file.path.c_str());
  files_.clear();
}

namespace {

Error WriteError(const std::string& path, const Status& status) {
  return MakeError(ErrorCode::kIo, path + ": " + status.ToString());
}

}  // namespace

Result<void> RunWriter::AddFile(const std::function<Status(rocksdb::SstFileWriter&)>& fill) {
  const std::string path = store_.impl_->files.stage() + "/" + std::to_string(epoch_) + "-" +
                           std::to_string(files_.size()) + ".sst";
  files_.push_back({.path = path});
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), store_.impl_->options);
  rocksdb::ExternalSstFileInfo info;
  Status status = writer.Open(path);
  if (status.ok()) status = fill(writer);
  if (status.ok()) status = writer.Finish(&info);
  if (!status.ok()) return WriteError(path, status);
  files_.back().checksum = info.file_checksum;
  files_.back().checksum_name = info.file_checksum_func_name;
  written_bytes_ += info.file_size;
  return {};
}

Result<void> RunWriter::WriteRun(std::span<const RowBuffer> buffers) {
  const std::vector<RowRef> rows = SortRows(buffers);
  if (rows.empty()) return {};
  return AddFile([&](rocksdb::SstFileWriter& writer) {
    Status status;
    for (auto row = rows.begin(); row != rows.end() && status.ok(); ++row) {
      status = writer.Put(AsSlice(row->key), AsSlice(row->value));
    }
    return status;
  });
}

namespace {

// Puts the libraries that there are, deletes those that there were; rows go in order of key.
Status FillFunctions(rocksdb::SstFileWriter& writer,
                     const std::vector<engine::FunctionLibrary>& before,
                     const std::vector<engine::FunctionLibrary>& now) {
  std::map<std::string_view, const engine::FunctionLibrary*> rows;
  for (const engine::FunctionLibrary& library : before) rows[library.name] = nullptr;
  for (const engine::FunctionLibrary& library : now) rows[library.name] = &library;
  Status status;
  for (const auto& [name, library] : rows) {
    const std::string key = FunctionRowKey(name);
    if (!status.ok()) break;
    status =
        library == nullptr ? writer.Delete(key) : writer.Put(key, EncodeFunctionRow(library->code));
  }
  return status;
}

}  // namespace

Result<void> RunWriter::Commit(const Committed& committed, std::uint32_t first_dbid) {
  SATCHEL_ASSIGN(const auto functions, store_.impl_->ReadFunctions());
  SATCHEL_TRY(AddFile([&](rocksdb::SstFileWriter& writer) {
    Status status = FillFunctions(writer, functions, committed.functions);
    if (status.ok() && first_dbid > 0)
      status = writer.DeleteRange(KeyRowPrefix(0), KeyRowPrefix(first_dbid));
    if (status.ok()) status = writer.Put(AsSlice(kCommitKey), EncodeCommit(committed.record));
    if (status.ok()) status = writer.Put(AsSlice(kDbmapKey), EncodeDbmap(committed.dbmap));
    return status;
  }));
  SATCHEL_TRY(Ingest());
  return store_.impl_->files.WriteEpoch(committed.record.epoch);
}

// The atomic point.
Result<void> RunWriter::Ingest() {
  RocksStore::Impl& store = *store_.impl_;
  // After a failure that RocksDB holds on to (a full disk), it takes nothing until it is told.
  if (store.ingest_failed) store.ingest_failed = !store.db->Resume().ok();
  rocksdb::IngestExternalFileArg arg;
  arg.column_family = store.db->DefaultColumnFamily();
  for (const File& file : files_) {
    arg.external_files.push_back(file.path);
    arg.files_checksums.push_back(file.checksum);
    arg.files_checksum_func_names.push_back(file.checksum_name);
  }
  arg.options.move_files = true;
  arg.options.write_global_seqno = false;
  arg.options.verify_file_checksum = true;
  const Status status = store.db->IngestExternalFiles({arg});
  store.ingest_failed = !status.ok();
  if (!status.ok()) return WriteError(store.files.db(), status);
  Discard();
  return {};
}

}  // namespace satchel::snapshot
