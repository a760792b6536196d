#include "snapshot/rocks_env.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/threadpool.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <string_view>

#include "base/bytes.h"

namespace satchel::snapshot {
namespace {

constexpr std::size_t kFooterBytes = 53;

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// The end of a table file: the checksum type, 40 bytes of handles, u32 format version, u64 magic
// number. No checksum covers it, and RocksDB believes it: a flipped bit there would have blocks
// taken apart by other rules, which ends in its assertions.
bool IsSoundFooter(std::string_view footer) {
  constexpr char kChecksumXxh3 = 4;
  constexpr std::uint32_t kVersion = 5;
  constexpr std::uint64_t kMagic = 0x88e241b785f4cff7;
  return footer.size() == kFooterBytes && footer[0] == kChecksumXxh3 &&
         LoadLe<std::uint32_t>(footer.data() + 41) == kVersion &&
         LoadLe<std::uint64_t>(footer.data() + 45) == kMagic;
}

// The data directory is closed to others before the first file appears in it; the mode of
// each file protects what is copied out of it later.
class PrivateFiles final : public rocksdb::FileSystemWrapper {
 public:
  PrivateFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  const char* Name() const override { return "satchel.PrivateFiles"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    return Restrict(target()->NewWritableFile(name, options, file, debug), name, 0600);
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                              IODebugContext* debug) override {
    return Restrict(target()->ReopenWritableFile(name, options, file, debug), name, 0600);
  }
  IOStatus NewRandomRWFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                           IODebugContext* debug) override {
    return Restrict(target()->NewRandomRWFile(name, options, file, debug), name, 0600);
  }
  // Tables are looked at when they are opened, not by their names: one that a crash left half
  // written belongs to no version of the store and is never opened.
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                               IODebugContext* debug) override {
    IOStatus status = target()->NewRandomAccessFile(name, options, file, debug);
    if (!status.ok() || !name.ends_with(".sst")) return status;
    std::uint64_t size = 0;
    status = target()->GetFileSize(name, options.io_options, &size, debug);
    if (!status.ok()) return status;
    char bytes[kFooterBytes];
    rocksdb::Slice footer;
    if (size >= kFooterBytes) {
      status = (*file)->Read(size - kFooterBytes, kFooterBytes, options.io_options, &footer, bytes,
                             debug);
    }
    if (status.ok() && !IsSoundFooter({footer.data(), footer.size()})) {
      status = IOStatus::Corruption(name, "the end of the file is damaged");
    }
    if (!status.ok()) file->reset();
    return status;
  }
  IOStatus LockFile(const std::string& name, const IOOptions& options, rocksdb::FileLock** lock,
                    IODebugContext* debug) override {
    return Restrict(target()->LockFile(name, options, lock, debug), name, 0600);
  }
  IOStatus CreateDir(const std::string& name, const IOOptions& options,
                     IODebugContext* debug) override {
    return Restrict(target()->CreateDir(name, options, debug), name, 0700);
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions& options,
                              IODebugContext* debug) override {
    return Restrict(target()->CreateDirIfMissing(name, options, debug), name, 0700);
  }

 private:
  static IOStatus Restrict(IOStatus status, const std::string& name, mode_t mode) {
    if (status.ok() && chmod(name.c_str(), mode) != 0) {
      return IOStatus::IOError(name, "cannot change the mode");
    }
    return status;
  }
};

// One pool a priority, started with its first job.
class OwnThreads final : public rocksdb::EnvWrapper {
 public:
  explicit OwnThreads(std::unique_ptr<rocksdb::Env> files) : EnvWrapper(std::move(files)) {}
  ~OwnThreads() override {
    for (auto& pool : pools_) {
      if (pool != nullptr) pool->WaitForJobsAndJoinAllThreads();
    }
  }

  void Schedule(void (*function)(void*), void* arg, Priority priority, void*,
                void (*)(void*)) override {
    Pool(priority).SubmitJob([function, arg] { function(arg); });
  }
  // Nothing is taken back: a job that comes too late finds its database closing, and ends.
  int UnSchedule(void*, Priority) override { return 0; }
  unsigned int GetThreadPoolQueueLen(Priority priority) const override {
    return const_cast<OwnThreads*>(this)->Pool(priority).GetQueueLen();
  }
  void SetBackgroundThreads(int number, Priority priority) override {
    Pool(priority).SetBackgroundThreads(number);
  }
  int GetBackgroundThreads(Priority priority) override {
    return Pool(priority).GetBackgroundThreads();
  }
  void IncBackgroundThreadsIfNeeded(int number, Priority priority) override {
    rocksdb::ThreadPool& pool = Pool(priority);
    pool.SetBackgroundThreads(std::max(number, pool.GetBackgroundThreads()));
  }
  int ReserveThreads(int, Priority) override { return 0; }
  int ReleaseThreads(int, Priority) override { return 0; }
  void LowerThreadPoolIOPriority(Priority) override {}
  void LowerThreadPoolCPUPriority(Priority) override {}

 private:
  rocksdb::ThreadPool& Pool(Priority priority) {
    std::lock_guard lock(mutex_);
    auto& pool = pools_[static_cast<std::size_t>(priority)];
    if (pool == nullptr) pool.reset(rocksdb::NewThreadPool(1));
    return *pool;
  }

  std::mutex mutex_;
  std::array<std::unique_ptr<rocksdb::ThreadPool>, TOTAL> pools_;  // guarded by mutex_
};

}  // namespace

std::shared_ptr<rocksdb::Env> NewStoreEnv() {
  return std::make_shared<OwnThreads>(rocksdb::NewCompositeEnv(std::make_shared<PrivateFiles>()));
}

}  // namespace satchel::snapshot
