#include "store/remote/remote_store.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <utility>

#include "base/text.h"
#include "resp/command_writer.h"
#include "store/remote/channel.h"
#include "store/remote/core.h"
#include "store/remote/hub.h"
#include "store/remote/pool.h"
#include "store/remote/traits.h"

namespace satchel::store {
namespace {

using std::chrono::milliseconds;

std::vector<std::string_view> Views(const CommandLine& line) { return {line.begin(), line.end()}; }

Error Closed() { return MakeError(ErrorCode::kClosed, "the store was closed"); }

// Threads take the shared connections in turn, and each stays with its own: its commands keep
// their order.
std::size_t ThreadNumber() {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t number = threads++;
  return number;
}

Result<void> CheckOptions(const RemoteOptions& options) {
  if (options.connections < 1 || options.pool_size < 1) {
    return MakeError(ErrorCode::kInvalidArgument, "connections and pool_size must be at least 1");
  }
  if (options.min_backoff.count() < 1 || options.max_backoff < options.min_backoff) {
    return MakeError(ErrorCode::kInvalidArgument, "0 < min_backoff <= max_backoff must hold");
  }
  if (options.db < 0 || options.retries < 0) {
    return MakeError(ErrorCode::kInvalidArgument, "db and retries must not be negative");
  }
  return {};
}

// A call under construction, and what its commands need.
class CallBuilder {
 public:
  CallBuilder(const RemoteOptions& options, Clock& clock, std::optional<milliseconds> timeout)
      : options_(options), clock_(clock), timeout_(timeout) {
    call_->commands = 0;
    call_->repeatable = true;
  }

  void Add(Args args) {
    const CommandTraits traits = TraitsOf(args);
    resp::AppendCommand(call_->bytes, args);
    ++call_->commands;
    call_->repeatable = call_->repeatable && traits.readonly && !traits.blocking;
    blocking_ = blocking_ || traits.blocking;
    if (span_) span_ = traits.span ? std::optional(*span_ + *traits.span) : std::nullopt;
  }

  bool blocking() const { return blocking_; }
  bool empty() const { return call_->commands == 0; }

  // Its time runs from now on.
  CallPtr Take() {
    const std::int64_t now_us = clock_.NowUs();
    call_->send_timeout = options_.write_timeout;
    if (timeout_) call_->send_timeout = std::min(call_->send_timeout, *timeout_);
    call_->unsent_deadline_us = After(now_us, call_->send_timeout);
    if (span_) call_->reply_timeout = timeout_.value_or(options_.read_timeout) + *span_;
    if (span_ && timeout_) call_->deadline_us = After(now_us, *timeout_ + *span_);
    return std::move(call_);
  }

 private:
  static std::int64_t After(std::int64_t now_us, milliseconds span) {
    return now_us + std::chrono::microseconds(span).count();
  }

  const RemoteOptions& options_;  // borrowed
  Clock& clock_;                  // borrowed
  const std::optional<milliseconds> timeout_;
  CallPtr call_ = std::make_shared<Call>();
  bool blocking_ = false;
  std::optional<milliseconds> span_{milliseconds(0)};  // empty: for ever
};

// Lines of a pipeline that may be sent, and the errors of the others.
struct Sorted {
  std::vector<std::optional<Error>> refused;  // by line

  // All results in order, from the replies of those that were sent.
  Call::Replies Merge(Call::Replies replies) && {
    Call::Replies merged;
    merged.reserve(refused.size());
    std::size_t next = 0;
    for (auto& error : refused) {
      if (error) {
        merged.emplace_back(std::move(*error));
      } else {
        merged.push_back(std::move(replies[next++]));
      }
    }
    return merged;
  }
};

Sorted AddLines(std::span<const CommandLine> lines, CallBuilder& builder) {
  Sorted sorted;
  for (const CommandLine& line : lines) {
    const auto args = Views(line);
    auto legal = CheckStateless(args);
    if (legal) legal = CheckAnswered(args);
    sorted.refused.emplace_back();
    if (legal) {
      builder.Add(args);
    } else {
      sorted.refused.back() = std::move(legal.error());
    }
  }
  return sorted;
}

}  // namespace

struct RemoteStore::Impl final : std::enable_shared_from_this<Impl> {
  explicit Impl(std::unique_ptr<RemoteCore> started) : core(std::move(started)) {
    for (int i = 0; i < core->options().connections; ++i) {
      channels.push_back(std::make_unique<Channel>(*core));
    }
  }
  ~Impl() { Close(); }

  void Close() {
    core->Close([this] {
      for (const auto& channel : channels) channel->Close();
      pool.Close();
      hub.Close();
    });
  }

  CallBuilder Builder(std::optional<milliseconds> timeout) const {
    return {core->options(), core->clock(), timeout};
  }

  // The call ends in any case.
  void Submit(CallPtr call, bool blocking) {
    if (!blocking) return channels[ThreadNumber() % channels.size()]->Submit(std::move(call));
    if (!core->Post([this, call] { SubmitToPool(call); })) call->Fail(Closed());
  }

  void SubmitToPool(const CallPtr& call) {
    pool.Acquire([this, call](Result<std::shared_ptr<Dedicated>> connection) {
      if (!connection) return call->Fail(connection.error());
      call->after_end = [this, connection = *connection] {
        pool.Release(connection, /*clean=*/true);
      };
      (*connection)->Send(call);
    });
  }

  std::unique_ptr<RemoteCore> core;
  Mailman mailman;
  std::vector<std::unique_ptr<Channel>> channels;
  Pool pool{*core};
  Hub hub{*core};
};

RemoteStore::RemoteStore(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<RemoteStore>> RemoteStore::Open(const RemoteOptions& options) {
  SATCHEL_TRY(CheckOptions(options));
  SATCHEL_ASSIGN(auto core, RemoteCore::Start(options));
  std::unique_ptr<RemoteStore> store(new RemoteStore(std::make_shared<Impl>(std::move(core))));
  // Any answer will do: the greeting has told what must be right.
  const auto answer = store->Run({"PING"}, {.timeout = options.connect_timeout});
  if (answer || answer.error().code == ErrorCode::kReplyError) return store;
  return MakeError(ErrorCode::kUnavailable, answer.error().detail);
}

RemoteStore::~RemoteStore() { Close(); }

void RemoteStore::Close() { impl_->Close(); }

Clock& RemoteStore::clock() { return impl_->core->clock(); }

Result<ReplyValue> RemoteStore::Run(Args args, const CallOptions& options) {
  SATCHEL_TRY(CheckStateless(args));
  SATCHEL_TRY(CheckAnswered(args));
  CallBuilder builder = impl_->Builder(options.timeout);
  builder.Add(args);
  const CallPtr call = builder.Take();
  impl_->Submit(call, builder.blocking());
  return std::move(call->Wait()[0]);
}

std::vector<Result<ReplyValue>> RemoteStore::Pipeline(std::span<const CommandLine> lines,
                                                      const CallOptions& options) {
  CallBuilder builder = impl_->Builder(options.timeout);
  Sorted sorted = AddLines(lines, builder);
  if (builder.empty()) return std::move(sorted).Merge({});
  const CallPtr call = builder.Take();
  impl_->Submit(call, builder.blocking());
  return std::move(sorted).Merge(call->Wait());
}

void RemoteStore::RunAsync(CommandLine line, std::function<void(Result<ReplyValue>)> done) {
  PipelineAsync({std::move(line)},
                [done = std::move(done)](std::vector<Result<ReplyValue>> replies) {
                  done(std::move(replies[0]));
                });
}

void RemoteStore::PipelineAsync(std::vector<CommandLine> lines,
                                std::function<void(std::vector<Result<ReplyValue>>)> done) {
  CallBuilder builder = impl_->Builder({});
  Sorted sorted = AddLines(lines, builder);
  if (builder.empty()) return done(std::move(sorted).Merge({}));
  const CallPtr call = builder.Take();
  call->done = [sorted = std::move(sorted), done = std::move(done)](Call::Replies replies) mutable {
    done(std::move(sorted).Merge(std::move(replies)));
  };
  impl_->Submit(call, builder.blocking());
}

namespace {

// What a connection would carry over to its next user.
class Traces {
 public:
  void Note(Args args) {
    const auto is = [&](std::string_view name) { return EqualIgnoreCase(args[0], name); };
    if (is("MULTI")) in_multi_ = true;
    if (is("WATCH")) watching_ = true;
    if (is("EXEC") || is("DISCARD")) in_multi_ = watching_ = false;
    if (is("UNWATCH")) watching_ = in_multi_;
    for (std::string_view name : {"SELECT", "AUTH", "HELLO", "RESET", "QUIT", "CLIENT", "READONLY",
                                  "READWRITE", "ASKING"}) {
      if (is(name)) other_ = true;
    }
  }
  bool none() const { return !in_multi_ && !watching_ && !other_; }

 private:
  bool in_multi_ = false;
  bool watching_ = false;
  bool other_ = false;
};

// Keeps the store's inside alive, so that it may outlive the store.
template <class Impl>
class PooledConnection final : public Connection {
 public:
  PooledConnection(std::shared_ptr<Impl> impl, std::shared_ptr<Dedicated> connection)
      : impl_(std::move(impl)), connection_(std::move(connection)) {}
  ~PooledConnection() override {
    (void)impl_->core->Post([impl = impl_.get(), connection = connection_, clean = traces_.none()] {
      impl->pool.Release(connection, clean);
    });
  }

  using Connection::Run;
  Result<ReplyValue> Run(Args args, const CallOptions& options) override {
    SATCHEL_TRY(CheckAnswered(args));
    traces_.Note(args);
    CallBuilder builder = impl_->Builder(options.timeout);
    builder.Add(args);
    const CallPtr call = builder.Take();
    if (!impl_->core->Post([connection = connection_, call] { connection->Send(call); })) {
      return Closed();
    }
    return std::move(call->Wait()[0]);
  }

 private:
  std::shared_ptr<Impl> impl_;
  std::shared_ptr<Dedicated> connection_;
  Traces traces_;
};

template <class Impl>
class HubSubscription final : public Subscription {
 public:
  HubSubscription(std::shared_ptr<Impl> impl, Hub::SubscriberPtr subscriber)
      : impl_(std::move(impl)), subscriber_(std::move(subscriber)) {}
  ~HubSubscription() override {
    (void)impl_->core->Post(
        [impl = impl_.get(), subscriber = subscriber_] { impl->hub.Leave(subscriber); });
    impl_->mailman.Close(*subscriber_->box);
  }

  std::uint64_t gaps() const override {
    return subscriber_->lost_links + impl_->mailman.GapsOf(*subscriber_->box);
  }

 private:
  std::shared_ptr<Impl> impl_;
  Hub::SubscriberPtr subscriber_;
};

// Waits for what the loop will answer. The promise is always kept: what is posted before the
// store closes is done, and closing answers the rest.
template <class T>
class Answer {
 public:
  std::function<void(Result<T>)> Giver() {
    return [promise = promise_](Result<T> result) { promise->set_value(std::move(result)); };
  }
  Result<T> Wait() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<Result<T>>> promise_ = std::make_shared<std::promise<Result<T>>>();
};

}  // namespace

Result<std::unique_ptr<Connection>> RemoteStore::Connect() {
  Answer<std::shared_ptr<Dedicated>> answer;
  if (!impl_->core->Post(
          [impl = impl_.get(), giver = answer.Giver()] { impl->pool.Acquire(giver); })) {
    return Closed();
  }
  SATCHEL_ASSIGN(auto connection, answer.Wait());
  return std::unique_ptr<Connection>(
      std::make_unique<PooledConnection<Impl>>(impl_, std::move(connection)));
}

Result<std::unique_ptr<Subscription>> RemoteStore::Subscribe(
    std::vector<std::string> channels, std::vector<std::string> patterns,
    std::function<void(const Message&)> on_message) {
  if (channels.empty() && patterns.empty()) {
    return MakeError(ErrorCode::kInvalidArgument, "neither channels nor patterns");
  }
  Answer<void> answer;
  const auto subscriber = std::make_shared<Hub::Subscriber>();
  subscriber->channels = std::move(channels);
  subscriber->patterns = std::move(patterns);
  subscriber->box = impl_->mailman.NewBox(std::move(on_message));
  subscriber->joined = answer.Giver();
  auto subscription = std::make_unique<HubSubscription<Impl>>(impl_, subscriber);
  if (!impl_->core->Post([impl = impl_.get(), subscriber] { impl->hub.Join(subscriber); })) {
    return Closed();
  }
  SATCHEL_TRY(answer.Wait());
  return std::unique_ptr<Subscription>(std::move(subscription));
}

}  // namespace satchel::store
