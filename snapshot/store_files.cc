#include "snapshot/store_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "base/bytes.h"
#include "base/text.h"
#include "snapshot/error_text.h"

namespace satchel::snapshot {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "satchel-store ";

Error IoError(const std::string& path, std::string_view what) {
  return MakeError(ErrorCode::kIo, path + ": " + std::string(what) + ": " + std::strerror(errno));
}

std::string FormatText(std::uint64_t number) {
  return std::string(kMagic) + std::to_string(number) + "\n";
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  bool is_open() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Small files only. Empty when the file does not exist.
Result<std::optional<std::string>> ReadSmallFile(const std::string& path) {
  constexpr std::size_t kMaxBytes = 4096;
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return std::optional<std::string>();
    return IoError(path, "cannot open");
  }
  std::string bytes(kMaxBytes, '\0');
  const ssize_t size = read(file.get(), bytes.data(), bytes.size());
  if (size < 0) return IoError(path, "cannot read");
  bytes.resize(static_cast<std::size_t>(size));
  return std::optional<std::string>(std::move(bytes));
}

Result<void> SyncFolder(const std::string& path) {
  const FileDescriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || fsync(folder.get()) != 0) return IoError(path, "cannot sync");
  return {};
}

// Writes the whole file beside its place, syncs it, and puts it there.
Result<void> ReplaceFile(const std::string& folder, const std::string& name,
                         std::string_view bytes) {
  const std::string path = folder + "/" + name;
  const std::string fresh = path + ".new";
  FileDescriptor file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.is_open()) return IoError(fresh, "cannot create");
  const ssize_t written = write(file.get(), bytes.data(), bytes.size());
  if (written != static_cast<ssize_t>(bytes.size())) return IoError(fresh, "cannot write");
  if (fsync(file.get()) != 0) return IoError(fresh, "cannot sync");
  if (rename(fresh.c_str(), path.c_str()) != 0) return IoError(path, "cannot replace");
  return SyncFolder(folder);
}

Result<void> CreateFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return IoError(path, "cannot create the folder");
}

Result<bool> IsFolder(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return true;
    return MakeError(ErrorCode::kIo, path + ": is not a folder");
  }
  if (errno == ENOENT) return false;
  return IoError(path, "cannot look at");
}

Result<std::set<std::string>> Names(const std::string& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    names.insert(it->path().filename().string());
  }
  if (error) {
    if (error == std::errc::no_such_file_or_directory) return names;
    return MakeError(ErrorCode::kIo, folder + ": cannot list: " + error.message());
  }
  return names;
}

// A directory without FORMAT may hold what a first start left behind, and nothing else.
Result<void> CheckUnformatted(const std::string& dir) {
  static const std::set<std::string> kOwn = {"satchel.lock", "FORMAT.new", "db", "stage",
                                             "lost+found"};
  SATCHEL_ASSIGN(const auto names, Names(dir));
  if (names.contains("FORMAT")) return {};
  SATCHEL_ASSIGN(const auto data, Names(dir + "/db"));
  if (!data.empty()) {
    return StoreError(ErrorCode::kCorrupt, dir + "/FORMAT", "is missing, and db/ holds files", dir);
  }
  for (const std::string& name : names) {
    if (kOwn.contains(name)) continue;
    return MakeError(ErrorCode::kForeign, dir + ": is not a Satchel store: it holds " +
                                              Printable(name) +
                                              " and no FORMAT; choose an empty or a new folder");
  }
  return {};
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::string FieldOf(std::string_view text, std::string_view field) {
  for (std::string_view line : Split(text, '\n')) {
    if (line.substr(0, field.size()) == field) return std::string(line.substr(field.size()));
  }
  return "unknown";
}

Error LockedBy(const std::string& dir, const std::string& path) {
  auto text = ReadSmallFile(path);
  const std::string holder = text && *text ? **text : std::string();
  const std::string pid = FieldOf(holder, "pid ");
  const bool own = pid == FormatInt(getpid());
  return MakeError(ErrorCode::kLocked, dir + ": is in use by process " + pid + " on " +
                                           FieldOf(holder, "host ") +
                                           (own ? " (this process)" : ""));
}

// The descriptor of the locked file.
Result<int> TakeLock(const std::string& dir) {
  const std::string path = dir + "/satchel.lock";
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.is_open()) return IoError(path, "cannot open");
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) return LockedBy(dir, path);
    return IoError(path, "cannot lock");
  }
  const std::string text = "pid " + FormatInt(getpid()) + "\nhost " + HostName() + "\n";
  if (ftruncate(file.get(), 0) != 0 ||
      pwrite(file.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return IoError(path, "cannot write");
  }
  return file.Release();
}

}  // namespace

Result<std::unique_ptr<StoreFiles>> StoreFiles::Open(const std::string& dir, Missing missing) {
  if (dir.empty()) return MakeError(ErrorCode::kInvalidArgument, "the data directory has no name");
  SATCHEL_ASSIGN(const bool exists, IsFolder(dir));
  if (!exists && missing == Missing::kRefuse) {
    return MakeError(ErrorCode::kNotFound, dir + ": there is no such folder");
  }
  if (exists) SATCHEL_TRY(CheckUnformatted(dir));
  if (exists && missing == Missing::kRefuse) {
    SATCHEL_ASSIGN(const auto names, Names(dir));
    if (!names.contains("FORMAT")) {
      return MakeError(ErrorCode::kForeign, dir + ": is not a Satchel store: it has no FORMAT");
    }
  }
  if (!exists) SATCHEL_TRY(CreateFolder(dir));
  SATCHEL_ASSIGN(const int fd, TakeLock(dir));
  std::unique_ptr<StoreFiles> files(new StoreFiles(dir, fd));
  SATCHEL_TRY(CheckUnformatted(dir));  // another process may have come in between
  SATCHEL_TRY(files->CheckOrWriteFormat());
  if (missing == Missing::kCreate) SATCHEL_TRY(files->CreateFolders());
  return files;
}

StoreFiles::~StoreFiles() { close(lock_fd_); }

Result<void> StoreFiles::CheckOrWriteFormat() const {
  const std::string path = dir_ + "/FORMAT";
  SATCHEL_ASSIGN(const auto found, ReadSmallFile(path));
  if (!found) return ReplaceFile(dir_, "FORMAT", FormatText(kStoreFormat));
  const std::string_view text = *found;
  if (text.substr(0, kMagic.size()) != kMagic) {
    return StoreError(ErrorCode::kCorrupt, path, "does not begin with \"satchel-store \"", dir_);
  }
  const auto number = ParseUint(Trim(text.substr(kMagic.size())));
  if (!number || *number == 0 || text != FormatText(*number)) {
    return StoreError(ErrorCode::kCorrupt, path, "has no format number", dir_);
  }
  if (*number > kStoreFormat) {
    return StoreError(
        ErrorCode::kNewerFormat, path,
        "store format " + std::to_string(*number) + ", this build reads " + FormatInt(kStoreFormat),
        dir_);
  }
  return {};
}

Result<void> StoreFiles::CreateFolders() const {
  SATCHEL_TRY(CreateFolder(db()));
  SATCHEL_TRY(CreateFolder(stage()));
  struct stat db_stat {};
  struct stat stage_stat {};
  if (stat(db().c_str(), &db_stat) != 0) return IoError(db(), "cannot look at");
  if (stat(stage().c_str(), &stage_stat) != 0) return IoError(stage(), "cannot look at");
  if (db_stat.st_dev != stage_stat.st_dev) {
    return MakeError(ErrorCode::kIo,
                     stage() + ": is on another filesystem than " + db() + "; both must share one");
  }
  return SyncFolder(dir_);
}

Result<bool> StoreFiles::HasStore() const {
  SATCHEL_ASSIGN(const auto names, Names(db()));
  if (names.contains("CURRENT")) return true;
  for (const std::string& name : names) {
    if (!name.ends_with(".sst") && name != "EPOCH") continue;
    return StoreError(ErrorCode::kCorrupt, db() + "/CURRENT", "is missing beside data files", dir_);
  }
  return false;
}

Result<void> StoreFiles::EmptyStage() const {
  SATCHEL_ASSIGN(const auto names, Names(stage()));
  for (const std::string& name : names) {
    std::error_code error;
    fs::remove_all(stage() + "/" + name, error);
    if (error) {
      return MakeError(ErrorCode::kIo,
                       stage() + "/" + name + ": cannot remove: " + error.message());
    }
  }
  return {};
}

namespace {

std::string EpochText(std::uint64_t epoch) {
  const std::string text = "epoch " + std::to_string(epoch);
  std::string crc;
  AppendBe(crc, Crc32c(0, text));
  return text + " crc32c " + ToHex(crc) + "\n";
}

}  // namespace

Result<std::optional<std::uint64_t>> StoreFiles::ReadEpoch() const {
  const std::string path = db() + "/EPOCH";
  SATCHEL_ASSIGN(const auto text, ReadSmallFile(path));
  if (!text) return std::optional<std::uint64_t>();
  const auto words = Split(*text, ' ');
  const auto epoch = words.size() == 4 ? ParseUint(words[1]) : std::nullopt;
  if (!epoch || EpochText(*epoch) != *text) {
    return StoreError(ErrorCode::kCorrupt, path, "is damaged", dir_);
  }
  return std::optional<std::uint64_t>(*epoch);
}

Result<void> StoreFiles::WriteEpoch(std::uint64_t epoch) const {
  return ReplaceFile(db(), "EPOCH", EpochText(epoch));
}

Result<std::uint64_t> StoreFiles::FreeBytes() const {
  struct statvfs found {};
  if (statvfs(dir_.c_str(), &found) != 0) return IoError(dir_, "cannot ask for free space");
  return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
}

}  // namespace satchel::snapshot
