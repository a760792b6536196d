// What a server asks of its process: signals that end it, room for descriptors, and how those
// who started it learn that it is ready.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/fd.h"

namespace satchel::cli {

// Waits for the end. Make it before any thread is started: SIGINT and SIGTERM are then blocked
// in all of them and arrive here only.
class EndOfProcess {
 public:
  EndOfProcess();

  // Ends the wait; from any thread, at any time.
  void Ask();
  // Why it ended: "SIGTERM", "SIGINT" or "SHUTDOWN".
  std::string_view Wait();

 private:
  net::Fd signals_;
  net::Fd asked_;
};

// Raises the limit of open descriptors as far as it may; returns the limit.
std::uint64_t RaiseDescriptorLimit(std::uint64_t wanted);

// `text` into a file that appears whole (it is renamed into place), for the owner's eyes only.
// Error kIo.
Result<void> WritePrivateFile(const std::string& path, std::string_view text);
// The same for --ready-file.
Result<void> WriteReadyFile(const std::string& path, std::string_view text);
// `text` to an inherited descriptor, which is then closed. Error kIo.
Result<void> WriteReadyFd(int fd, std::string_view text);

}  // namespace satchel::cli
