// Call: commands on their way to a server and back: one, or several that are sent together.
//
// Everything but Wait belongs to the loop's thread. A call ends once, with the replies or with
// an error for those that did not come; what arrives later is dropped.

#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/reply_value.h"
#include "base/result.h"

namespace satchel::store {

class Call {
 public:
  using Replies = std::vector<Result<ReplyValue>>;
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  // What was asked for. Set before the call is submitted.
  std::string bytes;         // encoded
  std::size_t commands = 1;  // in `bytes`
  bool repeatable = false;   // only reads: may be sent twice
  std::chrono::milliseconds send_timeout{0};
  // From sending to the last reply; empty: for ever.
  std::optional<std::chrono::milliseconds> reply_timeout = {};
  std::int64_t unsent_deadline_us = 0;  // not sent by then: given up
  std::int64_t deadline_us = kNever;    // the end of all patience, sent or not
  // Called when the call ends, on the loop's thread; without it a caller waits.
  std::function<void(Replies)> done = {};
  std::function<void()> after_end = {};  // called after that

  // How often sending it came to nothing.
  int attempts = 0;

  bool ended() const { return ended_; }
  // As if it had not been sent yet. Requires a repeatable call.
  void SendAgain(std::int64_t now_us);
  // Ends the call with the last one.
  void AddReply(Result<ReplyValue> reply);
  // Every command without a reply gets the error.
  void Fail(const Error& error);

  // Blocks until the call has ended. Requires that `done` is not set.
  Replies Wait();

 private:
  void End();

  Replies replies_;
  bool ended_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ready_ = false;  // guarded by mutex_
};

using CallPtr = std::shared_ptr<Call>;

}  // namespace satchel::store
