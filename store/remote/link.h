// Link: one connection to a server: greeting, calls in order, their replies, deadlines.
//
// Representation: calls that were appended to the output wait in `pending_` for their replies,
// first in, first out. Whether a call was sent is read from the position of the output.
// Thread: the loop's. The loop owns links; their user keeps a pointer until OnLost.

#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include "net/connection.h"
#include "net/connector.h"
#include "resp/decoder.h"
#include "store/remote/call.h"
#include "store/remote/core.h"

namespace satchel::store {

class Link final : public net::Connection {
 public:
  // A call without all of its replies when the link was lost.
  struct Unanswered {
    CallPtr call;
    bool sent;  // false: the server cannot have executed any of it
  };

  class User {
   public:
    virtual ~User() = default;
    // The greeting is over; calls may be sent.
    virtual void OnOpen(Link& link) = 0;
    // A value that is no reply of a call.
    virtual void OnPush(ReplyValue /*value*/) {}
    // The link, or the attempt to open one, came to an end; no call of this follows.
    virtual void OnLost(const Error& reason, std::vector<Unanswered> unanswered) = 0;
  };

  // Connects and greets; OnOpen or OnLost follows, later. The user outlives the link.
  static void Dial(RemoteCore& core, User& user);

  Link(RemoteCore& core, User& user, std::unique_ptr<net::Stream> stream,
       std::int64_t open_deadline_us);
  ~Link() override;

  // Requires an open link.
  void Send(CallPtr call);
  // Commands whose answers come as pushes.
  void SendUnpaired(std::string_view bytes);

  // A reply that does not come in time closes the link: nobody else waits on it.
  void CloseOnTimeout() { close_on_timeout_ = true; }

  void ReadReplies();

 private:
  struct Pending {
    CallPtr call;
    std::size_t missing;  // replies
    std::uint64_t begin;  // positions in the output
    std::uint64_t end;
    std::int64_t deadline_us;  // for the replies
    std::int64_t appended_us;
  };
  enum class Answer : std::uint8_t { kHello, kNeeded, kIgnored };

  void OnOpened() override;
  void OnClosed(const Error& reason) override;

  void Greet();
  void GreetRest(bool with_auth);
  void OnGreeting(const ReplyValue& reply);
  void OnReply(ReplyValue reply);
  bool IsSent(const Pending& pending) { return output().begin_position() >= pending.end; }
  void WatchDeadline(std::int64_t deadline_us);
  void CheckDeadlines();
  // The earliest deadline that is still to come; what is overdue is failed.
  std::int64_t FailOverdue(std::int64_t now_us);
  bool IsSilent(std::int64_t now_us) const;

  RemoteCore& core_;  // borrowed
  User& user_;        // borrowed
  resp::Decoder decoder_;
  std::deque<Answer> greeting_;  // answers still to come
  bool open_ = false;
  bool close_on_timeout_ = false;
  bool timed_out_ = false;  // a call, on this link
  std::deque<Pending> pending_;
  std::int64_t open_deadline_us_;
  std::int64_t last_input_us_;
  net::TimerId timer_;
};

// What is true of a call whose link was lost.
Error LostError(const RemoteCore& core, bool sent, const Error& reason);

}  // namespace satchel::store
