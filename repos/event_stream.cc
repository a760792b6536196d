#include "repos/event_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/fields.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "repos/scripts.h"

namespace satchel::repos {
namespace {

constexpr std::int64_t kMostReplayed = 500;

using Id = std::pair<std::uint64_t, std::uint64_t>;

// "<ms>-<sequence>"; {0, 0} for "".
std::optional<Id> ParseId(std::string_view text) {
  if (text.empty()) return Id{0, 0};
  const std::size_t dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const auto ms = ParseUint(text.substr(0, dash));
  const auto sequence = ParseUint(text.substr(dash + 1));
  if (!ms || !sequence) return std::nullopt;
  return Id{*ms, *sequence};
}

bool IsAfter(std::string_view id, std::string_view other) { return ParseId(id) > ParseId(other); }

// An entry of XRANGE, whose fields are taken; empty when it does not decode.
std::optional<StreamEvent> EventOf(ReplyValue& entry, std::string_view exec) {
  if (entry.items.size() != 2) return std::nullopt;
  const Fields fields(std::move(entry.items[1]));
  const auto ts_ms = ParseInt(fields.Text("ts"));
  if (!fields.Has("type") || !ts_ms || !CheckJson("data", fields.Text("data"))) return std::nullopt;
  return StreamEvent{.id = entry.items[0].text,
                     .exec_id = std::string(exec),
                     .type = fields.Text("type"),
                     .ts_ms = *ts_ms,
                     .data = fields.Text("data")};
}

// The id of a live message; the rest of it is read from the log's own bytes.
std::string IdOfEnvelope(const std::string& payload) {
  const auto json = nlohmann::json::parse(payload, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("id") || !json["id"].is_string()) return {};
  return json["id"].get<std::string>();
}

}  // namespace

std::string EnvelopeJson(const StreamEvent& event) {
  return fmt::format("{{\"id\":{},\"exec_id\":{},\"type\":{},\"ts\":{},\"data\":{}}}",
                     JsonString(event.id), JsonString(event.exec_id), JsonString(event.type),
                     event.ts_ms, event.data);
}

namespace {

// The number of a type for metrics; those of programs' own have one together.
std::size_t KindOf(std::string_view type) {
  const auto* known = std::ranges::find(kStreamEventTypes, type);
  return static_cast<std::size_t>(known - std::begin(kStreamEventTypes));
}

}  // namespace

EventStream::EventStream(store::Store& store, EventStreamOptions options)
    : store_(store), options_(std::move(options)) {
  SATCHEL_CHECK(CheckRepoOptions(options_.repo).has_value());
  SATCHEL_CHECK(options_.max_events > 0 && options_.log_ttl.count() > 0 &&
                options_.last_ttl >= options_.log_ttl && options_.buffer > 0);
}

Result<std::string> EventStream::Publish(std::string_view exec, std::string_view type,
                                         std::string_view data) {
  return Counted(options_.repo, store_, RepoOp::kStreamPublish, [&]() -> Result<std::string> {
    SATCHEL_TRY(CheckComponent("exec", exec));
    if (exec.empty()) return Invalid("exec", "must not be empty");
    if (type.empty()) return Invalid("type", "must not be empty");
    SATCHEL_TRY(CheckComponent("type", type));
    SATCHEL_TRY(CheckJson("data", data));
    const std::string base = Base(exec);
    const std::vector<std::string> keys = {base + ":log", base + ":last"};
    const std::vector<std::string> args = {FormatInt(options_.repo.clock->NowMs()),
                                           std::string(type),
                                           std::string(data),
                                           FormatInt(options_.max_events),
                                           FormatInt(options_.log_ttl.count()),
                                           FormatInt(options_.last_ttl.count()),
                                           base + ":ev",
                                           JsonString(exec),
                                           JsonString(type)};
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "es_publish", keys, args));
    Meter(options_.repo, store_)
        .Add(Family::kStreamEvents, 1, StreamSide::kPublished, KindOf(type));
    return std::move(reply.text);
  });
}

Result<EventStream::Log> EventStream::ReadEntries(std::string_view exec, std::string_view after,
                                                  std::int64_t count) {
  const std::string base = Base(exec);
  const std::vector<std::string> keys = {base + ":log", base + ":last"};
  const std::string from = after.empty() ? "-" : "(" + std::string(after);
  SATCHEL_ASSIGN(ReplyValue entries,
                 store_.Run({"XRANGE", keys[0], from, "+", "COUNT", FormatInt(count)}));
  // With the newest among them, it says what is gone; else one script looks at both ends.
  if (std::ssize(entries.items) < count && !entries.items.empty()) {
    const ReplyValue& newest = entries.items.back();
    if (newest.items.size() == 2) {
      for (std::size_t i = 0; i + 1 < newest.items[1].items.size(); i += 2) {
        if (newest.items[1].items[i].text != "t") continue;
        std::string gone = newest.items[1].items[i + 1].text;
        return Log{.gone = std::move(gone), .entries = std::move(entries.items)};
      }
    }
  }
  const std::vector<std::string> args = {std::string(after), FormatInt(count)};
  SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "es_replay", keys, args));
  if (reply.items.size() != 2) return Unexpected();
  return Log{.gone = std::move(reply.items[0].text), .entries = std::move(reply.items[1].items)};
}

Result<Replayed> EventStream::Replay(std::string_view exec, std::string_view after,
                                     std::int64_t limit) {
  return Counted(options_.repo, store_, RepoOp::kStreamReplay, [&]() -> Result<Replayed> {
    SATCHEL_TRY(CheckComponent("exec", exec));
    if (exec.empty()) return Invalid("exec", "must not be empty");
    if (limit < 0) return Invalid("limit", "must not be negative");
    if (!ParseId(after)) return Invalid("after", "is no id of an event");
    const std::int64_t count = limit == 0 ? kMostReplayed : std::min(limit, kMostReplayed);
    SATCHEL_ASSIGN(Log log, ReadEntries(exec, after, count));
    Replayed replayed;
    const Meter meter(options_.repo, store_);
    replayed.truncated = IsAfter(log.gone, after);
    for (ReplyValue& entry : log.entries) {
      if (!entry.items.empty()) replayed.last = entry.items[0].text;
      if (auto event = EventOf(entry, exec)) {
        meter.Add(Family::kStreamEvents, 1, StreamSide::kDelivered, KindOf(event->type));
        replayed.events.push_back(std::move(*event));
      } else {
        ++replayed.skipped;
      }
    }
    return replayed;
  });
}

Result<std::unique_ptr<EventFollower>> EventStream::Follow(std::string_view exec,
                                                           std::string_view after) {
  return Counted(
      options_.repo, store_, RepoOp::kStreamFollow,
      [&]() -> Result<std::unique_ptr<EventFollower>> {
        SATCHEL_TRY(CheckComponent("exec", exec));
        if (exec.empty()) return Invalid("exec", "must not be empty");
        if (!ParseId(after)) return Invalid("after", "is no id of an event");
        SATCHEL_ASSIGN(auto inbox, Inbox::Open(store_, *options_.repo.clock, {Base(exec) + ":ev"},
                                               {}, options_.buffer));
        return std::unique_ptr<EventFollower>(new EventFollower(
            *this, *options_.repo.clock, std::move(inbox), std::string(exec), std::string(after)));
      });
}

EventFollower::EventFollower(EventStream stream, Clock& clock, std::unique_ptr<Inbox> inbox,
                             std::string exec, std::string after)
    : stream_(std::move(stream)),
      clock_(clock),
      inbox_(std::move(inbox)),
      exec_(std::move(exec)),
      last_(std::move(after)),
      since_(clock_.Ticks()) {
  const Meter meter(stream_.options_.repo, stream_.store_);
  if (!meter.is_on()) return;
  meter.Move(Family::kStreamActiveConnections, 1, 0);
  open_ = AtTheEnd([meter, &clock, since = since_] {
    meter.Move(Family::kStreamActiveConnections, -1, 0);
    meter.Observe(Family::kStreamConnectionDuration,
                  static_cast<std::uint64_t>(clock.Ticks() - since), 0);
  });
}

// One piece of the log; `behind_` stays while there may be more of it.
Result<void> EventFollower::ReadLog() {
  const Meter meter(stream_.options_.repo, stream_.store_);
  const auto fails = [&](StreamError reason, std::uint64_t n = 1) {
    meter.Add(Family::kStreamErrors, n, 0, reason);
  };
  auto read = stream_.Replay(exec_, last_);
  if (!read) {
    fails(StreamError::kStore);
    return read.error();
  }
  Replayed& replayed = *read;
  if (replayed.truncated) fails(StreamError::kTruncated);
  fails(StreamError::kUndecodable, replayed.skipped);
  truncated_ = truncated_ || replayed.truncated;
  behind_ = replayed.events.size() + replayed.skipped == static_cast<std::size_t>(kMostReplayed);
  if (!replayed.last.empty()) last_ = replayed.last;
  for (StreamEvent& event : replayed.events) ready_.push_back(std::move(event));
  return {};
}

Result<std::optional<StreamEvent>> EventFollower::Next(std::chrono::milliseconds wait) {
  const std::int64_t deadline_us = clock_.NowUs() + std::chrono::microseconds(wait).count();
  while (true) {
    if (!ready_.empty()) {
      StreamEvent event = std::move(ready_.front());
      ready_.pop_front();
      if (std::exchange(is_waiting_, false)) {
        Meter(stream_.options_.repo, stream_.store_)
            .Observe(Family::kStreamFirstEvent, static_cast<std::uint64_t>(clock_.Ticks() - since_),
                     0);
      }
      return std::optional(std::move(event));
    }
    if (behind_) {
      SATCHEL_TRY(ReadLog());
      continue;
    }
    const Inbox::Taken taken = inbox_->Take(deadline_us);
    // Messages say that there is more; what it is comes from the log, so nothing is lost between
    // the two and nothing comes twice.
    behind_ = taken.gap || taken.dropped > 0 ||
              (taken.message && IsAfter(IdOfEnvelope(taken.message->payload), last_));
    if (behind_) continue;
    if (taken.is_closed) return MakeError(ErrorCode::kClosed, "event stream: closed");
    if (!taken.message && clock_.NowUs() >= deadline_us) return std::optional<StreamEvent>();
  }
}

}  // namespace satchel::repos
