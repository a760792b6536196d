// RocksStore: the RocksDB database in db/, and the one way to change it: sorted runs, written to
// stage/ and then taken in by one atomic call. Its memtable and log never carry data.
//
// It knows rows and meta rows, and nothing of the engine. Opened for reading it changes no file
// at all, so that a damaged store can be refused untouched.
// Thread: one at a time. Nothing here may be called under the execution lock, except by a SAVE,
// which stops the store on purpose.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "snapshot/rows.h"
#include "snapshot/store_files.h"

namespace rocksdb {
class SstFileWriter;
class Status;
}  // namespace rocksdb

namespace satchel::snapshot {

// The commit record, the map of databases and the functions, which are written together.
struct Committed {
  CommitRecord record;
  std::vector<DbmapRow> dbmap;
  std::vector<engine::FunctionLibrary> functions = {};  // in order of name
};

class RocksStore {
 public:
  enum class Access : std::uint8_t { kRead, kWrite };
  using Warn = std::function<void(const std::string& line)>;

  // With kWrite a missing store is created. `files` must outlive the store. `warn` gets
  // RocksDB's warnings, from any thread. Errors: kCorrupt, kIo, kNewerFormat.
  static Result<std::unique_ptr<RocksStore>> Open(const StoreFiles& files, Access access,
                                                  Warn warn);
  ~RocksStore();

  // What was committed last. Empty when nothing ever was: then the store holds no row. Checks
  // the record, the map, EPOCH and that only known kinds of rows are there.
  Result<std::optional<Committed>> ReadCommitted();

  // Visits the key rows of a database in order of key, checksums verified, until `visit` gives
  // an error. The views die with the call of `visit`.
  using RowVisitor = std::function<Result<void>(std::string_view key, std::string_view value)>;
  Result<void> VisitKeyRows(std::uint32_t dbid, const RowVisitor& visit);

  // Reads every file and compares its checksum.
  Result<void> VerifyFiles();

  // Bytes of the files that are part of the store.
  std::uint64_t LiveBytes() const;

 private:
  friend class RunWriter;
  struct Impl;
  explicit RocksStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// The files of one snapshot. What was not committed is removed when the writer is destroyed.
class RunWriter {
 public:
  RunWriter(RocksStore& store, std::uint64_t epoch);
  ~RunWriter();
  RunWriter(const RunWriter&) = delete;
  RunWriter& operator=(const RunWriter&) = delete;

  // Sorts the rows of these buffers into one file of stage/, synced when it returns. No key may
  // occur twice in one snapshot.
  Result<void> WriteRun(std::span<const RowBuffer> buffers);

  // Adds the meta and function rows and takes all in at once; rows of databases below `first_dbid`
  // are garbage from then on. The atomic point: after an error the store is as it was, unless the
  // error came from writing EPOCH, when the snapshot is there and could not be noted as done.
  Result<void> Commit(const Committed& committed, std::uint32_t first_dbid);

  std::uint64_t written_bytes() const { return written_bytes_; }

 private:
  struct File {
    std::string path;
    std::string checksum;
    std::string checksum_name;
  };
  // Writes the next file of stage/: what `fill` puts in, synced.
  Result<void> AddFile(const std::function<rocksdb::Status(rocksdb::SstFileWriter&)>& fill);
  Result<void> Ingest();
  void Discard();

  RocksStore& store_;  // borrowed
  std::uint64_t epoch_;
  std::uint64_t written_bytes_ = 0;
  std::vector<File> files_;
};

}  // namespace satchel::snapshot
