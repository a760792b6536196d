#include "cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/check.h"

namespace satchel::cli {
namespace {

sigset_t EndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

Error SystemError(const std::string& what) {
  return MakeError(ErrorCode::kIo, what + ": " + strerror(errno));
}

}  // namespace

EndOfProcess::EndOfProcess() : asked_(eventfd(0, EFD_CLOEXEC)) {
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = net::Fd(signalfd(-1, &signals, SFD_CLOEXEC));
  SATCHEL_CHECK(signals_.is_open() && asked_.is_open());
}

void EndOfProcess::Ask() {
  const std::uint64_t one = 1;
  SATCHEL_CHECK(write(asked_.get(), &one, sizeof one) == sizeof one);
}

std::string_view EndOfProcess::Wait() {
  pollfd fds[] = {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                  {.fd = asked_.get(), .events = POLLIN, .revents = 0}};
  while (poll(fds, std::size(fds), -1) <= 0) {
  }
  if (fds[0].revents == 0) return "SHUTDOWN";
  signalfd_siginfo info;
  SATCHEL_CHECK(read(signals_.get(), &info, sizeof info) == sizeof info);
  return info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM";
}

std::uint64_t RaiseDescriptorLimit(std::uint64_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max = std::max<rlim_t>(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return limit.rlim_cur;
  // Only root may go beyond the hard limit.
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

Result<void> WritePrivateFile(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  const net::Fd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.is_open() ||
      write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      std::rename(temporary.c_str(), path.c_str()) != 0) {
    return SystemError("cannot write '" + path + "'");
  }
  return {};
}

Result<void> WriteReadyFile(const std::string& path, std::string_view text) {
  auto written = WritePrivateFile(path, text);
  if (!written) written.error().detail = "--ready-file: " + written.error().detail;
  return written;
}

Result<void> WriteReadyFd(int fd, std::string_view text) {
  const net::Fd owned(fd);
  if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return SystemError("--ready-fd: cannot write to descriptor " + std::to_string(fd));
  }
  return {};
}

}  // namespace satchel::cli
