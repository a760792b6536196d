#include "server/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "net/fd.h"

namespace satchel::server {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{64} << 20;

Error IoError(std::string_view what, const std::string& path) {
  return MakeError(ErrorCode::kIo, std::string(what) + " '" + path + "': " + std::strerror(errno));
}

Result<void> WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return IoError("cannot write", path);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Until then the new name may be lost with the power.
Result<void> SyncFolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const net::Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open() || fsync(fd.get()) != 0) return IoError("cannot sync", folder);
  return {};
}

}  // namespace

Result<std::string> ReadWholeFile(const std::string& path, std::string_view what) {
  const net::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return IoError(what, path);
  std::string text;
  char buffer[65536];
  while (true) {
    const ssize_t size = read(fd.get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return IoError(what, path);
    if (size == 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
    if (text.size() > kMaxBytes) {
      return MakeError(ErrorCode::kIo, "the file '" + path + "' is larger than 64 MB");
    }
  }
}

Result<void> ReplaceFile(const std::string& path, std::string_view text, mode_t mode) {
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());  // one with another mode may have been left behind
  {
    const net::Fd fd(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.is_open()) return IoError("cannot create", fresh);
    if (fchmod(fd.get(), mode) != 0) return IoError("cannot set the mode of", fresh);
    SATCHEL_TRY(WriteAll(fd.get(), text, fresh));
    if (fsync(fd.get()) != 0) return IoError("cannot sync", fresh);
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return IoError("cannot replace", path);
  return SyncFolderOf(path);
}

}  // namespace satchel::server
