// StoreFiles: the data directory of one store, locked for as long as the object lives.
//
//     DIR/satchel.lock   an OFD lock is held on it; text "pid PID\nhost HOST\n"
//     DIR/FORMAT         text "satchel-store 1\n", fsynced once
//     DIR/db/            RocksDB's files, and EPOCH (see WriteEpoch)
//     DIR/stage/         sorted runs of the snapshot being built; emptied at start
//
// Folders are created 0700, files 0600. A directory that is locked, foreign, damaged or newer is
// refused before anything in it is changed, except for the lock file.
// Thread: the owner's.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace satchel::snapshot {

// Format number of FORMAT and of the commit record.
inline constexpr int kStoreFormat = 1;

class StoreFiles {
 public:
  enum class Missing : std::uint8_t { kCreate, kRefuse };

  // Errors: kLocked names the process that has it; kForeign: holds other files than a store's;
  // kNewerFormat; kCorrupt: FORMAT is damaged or missing beside data; kIo names file and reason;
  // kNotFound with Missing::kRefuse.
  static Result<std::unique_ptr<StoreFiles>> Open(const std::string& dir, Missing missing);
  ~StoreFiles();  // gives the lock back
  StoreFiles(const StoreFiles&) = delete;
  StoreFiles& operator=(const StoreFiles&) = delete;

  const std::string& dir() const { return dir_; }
  std::string db() const { return dir_ + "/db"; }
  std::string stage() const { return dir_ + "/stage"; }

  // Whether db/ holds a RocksDB store. kCorrupt: it holds data files, but no CURRENT.
  Result<bool> HasStore() const;
  // Removes what an unfinished snapshot left in stage/.
  Result<void> EmptyStage() const;

  // The number of the last snapshot that was reported as done. It tells a store whose last
  // snapshot got lost (a manifest cut short reads as an older, intact store) from one whose
  // last snapshot was never done. Empty when there is none.
  //     db/EPOCH: text "epoch N crc32c HEX\n"
  Result<std::optional<std::uint64_t>> ReadEpoch() const;
  // Replaces the file; on disk when it returns.
  Result<void> WriteEpoch(std::uint64_t epoch) const;

  // Bytes that this user can still write to the directory's filesystem.
  Result<std::uint64_t> FreeBytes() const;

 private:
  StoreFiles(std::string dir, int lock_fd) : dir_(std::move(dir)), lock_fd_(lock_fd) {}

  Result<void> CheckOrWriteFormat() const;
  Result<void> CreateFolders() const;

  std::string dir_;
  int lock_fd_;
};

}  // namespace satchel::snapshot
