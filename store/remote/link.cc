#include "store/remote/link.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "resp/command_writer.h"
#include "store/store.h"

namespace satchel::store {
namespace {

constexpr std::int64_t kNever = Call::kNever;
constexpr std::string_view kLibraryVersion = "0.1.0";

std::int64_t Us(std::chrono::milliseconds span) { return std::chrono::microseconds(span).count(); }

// A server older than RESP3, or one that hides it.
bool KnowsNoHello(std::string_view error) {
  return error.starts_with("ERR unknown command") || error.starts_with("NOPROTO");
}

}  // namespace

void Link::Dial(RemoteCore& core, User& user) {
  const std::int64_t deadline_us = core.loop().now_us() + Us(core.options().connect_timeout);
  net::Connector::Start(
      core.loop(), {.addresses = core.addresses(), .timeout = core.options().connect_timeout},
      [&core, &user, deadline_us](Result<net::Socket> socket) {
        if (!socket) {
          core.RefreshAddresses();
          return user.OnLost(socket.error(), {});
        }
        auto stream = std::make_unique<net::SocketStream>(std::move(socket->fd));
        core.loop().Adopt(std::make_unique<Link>(core, user, std::move(stream), deadline_us));
      });
}

Link::Link(RemoteCore& core, User& user, std::unique_ptr<net::Stream> stream,
           std::int64_t open_deadline_us)
    : Connection(core.wire(), std::move(stream)),
      core_(core),
      user_(user),
      open_deadline_us_(open_deadline_us),
      last_input_us_(core.loop().now_us()) {}

Link::~Link() {
  if (is_adopted()) loop().CancelTimer(timer_);
}

void Link::OnOpened() {
  WatchDeadline(open_deadline_us_);
  Greet();
}

// RESP3 first. Where the server does not know it, the same with the commands of RESP2.
void Link::Greet() {
  const RemoteOptions& options = core_.options();
  if (options.protocol < 3) return GreetRest(!options.password.empty());
  std::vector<std::string_view> hello = {"HELLO", "3"};
  if (!options.password.empty()) {
    std::string_view user = options.username;
    if (user.empty()) user = "default";
    hello.insert(hello.end(), {"AUTH", user, options.password});
  }
  std::string bytes;
  resp::AppendCommand(bytes, hello);
  greeting_.push_back(Answer::kHello);
  SendUnpaired(bytes);
}

void Link::GreetRest(bool with_auth) {
  const RemoteOptions& options = core_.options();
  std::string bytes;
  const auto add = [&](Answer answer, std::initializer_list<std::string_view> command) {
    resp::AppendCommand(bytes, command);
    greeting_.push_back(answer);
  };
  if (with_auth && options.username.empty()) add(Answer::kNeeded, {"AUTH", options.password});
  if (with_auth && !options.username.empty()) {
    add(Answer::kNeeded, {"AUTH", options.username, options.password});
  }
  if (options.db != 0) add(Answer::kNeeded, {"SELECT", FormatInt(options.db)});
  if (!options.client_name.empty()) {
    add(Answer::kIgnored, {"CLIENT", "SETNAME", options.client_name});
  }
  add(Answer::kIgnored, {"CLIENT", "SETINFO", "LIB-NAME", "satchel"});
  add(Answer::kIgnored, {"CLIENT", "SETINFO", "LIB-VER", kLibraryVersion});
  SendUnpaired(bytes);
}

void Link::OnGreeting(const ReplyValue& reply) {
  const Answer answer = greeting_.front();
  greeting_.pop_front();
  if (answer == Answer::kHello) {
    if (!reply.is_error()) {
      GreetRest(/*with_auth=*/false);
    } else if (KnowsNoHello(reply.text)) {
      GreetRest(/*with_auth=*/!core_.options().password.empty());
    } else {
      return Close(MakeError(ErrorCode::kUnavailable,
                             core_.server() + " refused the connection: " + reply.text));
    }
  }
  if (answer == Answer::kNeeded && reply.is_error()) {
    return Close(MakeError(ErrorCode::kUnavailable,
                           core_.server() + " refused the connection: " + reply.text));
  }
  if (!greeting_.empty()) return;
  open_ = true;
  user_.OnOpen(*this);
}

void Link::OnClosed(const Error& reason) {
  std::vector<Unanswered> unanswered;
  for (Pending& pending : pending_) {
    if (pending.call->ended()) continue;
    // The bytes of one command do nothing until the last of them has arrived.
    const bool sent =
        pending.call->commands == 1 ? IsSent(pending) : output().begin_position() > pending.begin;
    unanswered.push_back({std::move(pending.call), sent});
  }
  pending_.clear();
  user_.OnLost(reason, std::move(unanswered));
}

void Link::Send(CallPtr call) {
  SATCHEL_DCHECK(open_ && !is_closed());
  const std::int64_t now_us = loop().now_us();
  Pending pending{.missing = call->commands,
                  .begin = output().end_position(),
                  .deadline_us = call->deadline_us,
                  .appended_us = now_us};
  if (call->reply_timeout) {
    pending.deadline_us = std::min(pending.deadline_us, now_us + Us(*call->reply_timeout));
  }
  output().AppendShared(call, call->bytes);
  pending.end = output().end_position();
  WatchDeadline(std::min(pending.deadline_us, call->unsent_deadline_us));
  pending.call = std::move(call);
  pending_.push_back(std::move(pending));
  RequestFlush();
}

void Link::SendUnpaired(std::string_view bytes) {
  output().Append(bytes);
  RequestFlush();
}

void Link::ReadReplies() {
  last_input_us_ = loop().now_us();
  std::string_view input = this->input();
  Consume(input.size());
  while (!is_closed()) {
    auto reply = decoder_.Next(input);
    if (!reply) return Close(std::move(reply.error()));
    if (!*reply) return;
    OnReply(std::move(**reply));
  }
}

void Link::OnReply(ReplyValue reply) {
  if (reply.type == ReplyType::kPush) return user_.OnPush(std::move(reply));
  if (!greeting_.empty()) return OnGreeting(reply);
  if (pending_.empty()) return user_.OnPush(std::move(reply));
  Pending& pending = pending_.front();
  const CallPtr call = pending.call;
  if (--pending.missing == 0) pending_.pop_front();
  call->AddReply(ResultOfReply(std::move(reply)));
}

void Link::WatchDeadline(std::int64_t deadline_us) {
  if (timer_.number != 0 && timer_.deadline_us <= deadline_us) return;
  if (timer_.number != 0) loop().CancelTimer(timer_);
  timer_ = {};
  if (deadline_us == kNever) return;
  timer_ = loop().AddTimer(deadline_us, [this] { CheckDeadlines(); });
}

void Link::CheckDeadlines() {
  timer_ = {};
  if (is_closed()) return;
  const std::int64_t now_us = loop().now_us();
  if (!open_ && now_us >= open_deadline_us_) {
    return Close(MakeError(ErrorCode::kTimeout, core_.server() + " did not greet in time"));
  }
  const std::int64_t next_us = FailOverdue(now_us);
  if (is_closed()) return;
  if (timed_out_ && (close_on_timeout_ || IsSilent(now_us))) {
    return Close(MakeError(ErrorCode::kUnavailable, core_.server() + " did not answer in time"));
  }
  WatchDeadline(open_ ? next_us : open_deadline_us_);
}

std::int64_t Link::FailOverdue(std::int64_t now_us) {
  std::int64_t next_us = kNever;
  // Ending a call may send another one on this link.
  std::vector<CallPtr> overdue;
  for (const Pending& pending : pending_) {
    if (pending.call->ended()) continue;
    const bool sent = IsSent(pending);
    const std::int64_t deadline_us = sent ? pending.deadline_us : pending.call->unsent_deadline_us;
    if (now_us < deadline_us) {
      next_us = std::min(next_us, deadline_us);
    } else if (sent) {
      overdue.push_back(pending.call);
    } else {
      Close(MakeError(ErrorCode::kUnavailable, core_.server() + " took no bytes in time"));
      return kNever;
    }
  }
  for (const CallPtr& call : overdue) {
    timed_out_ = true;
    call->Fail(MakeError(ErrorCode::kTimeout, "no answer in time; it may have been executed"));
  }
  return next_us;
}

// No byte for so long, while replies are due: the other end is gone, or as good as that.
bool Link::IsSilent(std::int64_t now_us) const {
  if (pending_.empty()) return false;
  const std::int64_t since_us = std::max(last_input_us_, pending_.front().appended_us);
  return now_us - since_us >= 2 * Us(core_.options().read_timeout);
}

Error LostError(const RemoteCore& core, bool sent, const Error& reason) {
  if (!sent) return MakeError(ErrorCode::kUnavailable, "not sent: " + reason.detail);
  return MakeError(ErrorCode::kMaybeExecuted, "the connection to " + core.server() +
                                                  " was lost after sending: " + reason.detail);
}

}  // namespace satchel::store
