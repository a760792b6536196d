// Lists and subscriptions of the checkpointer.

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "repos/checkpointer.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/metrics.h"

namespace satchel::repos {
namespace {

constexpr std::int64_t kChunk = 100;

// Every key of the filter is in the metadata, with an equal value.
bool Fits(const nlohmann::json& filter, const std::string& metadata) {
  if (filter.empty()) return true;
  const auto json = nlohmann::json::parse(metadata, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return false;
  return std::ranges::all_of(filter.items(), [&](const auto& item) {
    const auto at = json.find(item.key());
    return at != json.end() && *at == item.value();
  });
}

}  // namespace

// What is read of one thread and not handed out yet, newest first.
struct Checkpointer::Stream {
  std::string thread;
  std::string after = {};  // seq of the last row that was read; "": none yet
  bool at_end = false;
  std::deque<CheckpointTuple> ready = {};
};

Checkpointer::Call Checkpointer::ListCall(const Stream& stream,
                                          const CheckpointListOptions& options,
                                          std::int64_t count) const {
  const std::string base = Base(stream.thread);
  return {.keys = {base + ":t", base + ":n"},
          .args = {FormatInt(options_.repo.clock->NowMs()), base,
                   options.ns ? Escape(*options.ns) : std::string(),
                   options.before ? Escape(*options.before) : std::string(), stream.after,
                   FormatInt(count)}};
}

Result<void> Checkpointer::Take(Stream& stream, ReplyValue reply,
                                const CheckpointListOptions& options) const {
  if (reply.items.empty()) return Unexpected();
  stream.after = reply.items[0].text;
  stream.at_end = stream.after.empty();
  for (std::size_t i = 1; i < reply.items.size(); ++i) {
    SATCHEL_ASSIGN(auto tuple, TupleOf(stream.thread, std::move(reply.items[i])));
    if (!tuple) continue;
    if (options.id && tuple->config.id != options.id) continue;
    stream.ready.push_back(std::move(*tuple));
  }
  return {};
}

Result<void> Checkpointer::Fill(Stream& stream, const CheckpointListOptions& options,
                                std::int64_t count) {
  while (stream.ready.empty() && !stream.at_end) {
    const Call call = ListCall(stream, options, count);
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "ck_list", call.keys, call.args));
    SATCHEL_TRY(Take(stream, std::move(reply), options));
  }
  return {};
}

Result<std::vector<CheckpointTuple>> Checkpointer::List(const CheckpointListOptions& options) {
  return Counted(
      options_.repo, store_, RepoOp::kCheckpointList,
      [&]() -> Result<std::vector<CheckpointTuple>> {
        SATCHEL_TRY(CheckJsonObject("filter", options.filter));
        SATCHEL_TRY(CheckComponent("ns", options.ns.value_or("")));
        SATCHEL_TRY(CheckComponent("before", options.before.value_or("")));
        if (options.thread) SATCHEL_TRY(Check({.thread = *options.thread}));
        std::vector<CheckpointTuple> found;
        if (options.limit && *options.limit <= 0) return found;
        const auto filter =
            nlohmann::json::parse(options.filter, nullptr, /*allow_exceptions=*/false);
        const auto wanted = static_cast<std::size_t>(options.limit.value_or(INT64_MAX));
        const bool is_plain = filter.empty() && !options.id;
        const std::int64_t count =
            is_plain && options.limit ? std::min(kChunk, *options.limit) : kChunk;

        std::vector<Stream> streams;
        if (options.thread) {
          streams.push_back({.thread = *options.thread});
        } else {
          SATCHEL_ASSIGN(const std::vector<std::string> threads, threads_.Members());
          Batch batch;
          for (const std::string& thread : threads) {
            streams.push_back({.thread = thread});
            const Call call = ListCall(streams.back(), options, count);
            batch.AddScript("ck_list", call.keys, call.args);
          }
          if (streams.empty()) return found;
          auto replies = batch.Send(store_);
          for (std::size_t i = 0; i < streams.size(); ++i) {
            if (!replies[i]) return std::move(replies[i].error());
            SATCHEL_TRY(Take(streams[i], std::move(*replies[i]), options));
          }
        }

        const auto comes_first = [](const CheckpointTuple& a, const CheckpointTuple& b) {
          if (a.put_ms != b.put_ms) return a.put_ms > b.put_ms;
          if (a.config.thread != b.config.thread) return a.config.thread < b.config.thread;
          return a.seq > b.seq;
        };
        while (found.size() < wanted) {
          Stream* next = nullptr;
          for (Stream& stream : streams) {
            SATCHEL_TRY(Fill(stream, options, count));
            if (stream.ready.empty()) continue;
            if (next == nullptr || comes_first(stream.ready.front(), next->ready.front())) {
              next = &stream;
            }
          }
          if (next == nullptr) break;
          if (Fits(filter, next->ready.front().metadata)) {
            found.push_back(std::move(next->ready.front()));
          }
          next->ready.pop_front();
        }
        return found;
      });
}

Result<std::uint64_t> Checkpointer::SweepExpired(const std::stop_token& stop) {
  return Counted(
      options_.repo, store_, RepoOp::kCheckpointSweepExpired, [&]() -> Result<std::uint64_t> {
        SATCHEL_ASSIGN(const std::vector<std::string> threads, threads_.Members());
        std::uint64_t gone = 0;
        for (const std::string& thread : threads) {
          if (stop.stop_requested()) return gone;
          const std::string base = Base(thread);
          const std::vector<std::string> keys = {base + ":t", base + ":n"};
          const std::vector<std::string> args = {FormatInt(options_.repo.clock->NowMs()), base,
                                                 "1000"};
          while (true) {
            SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, "ck_sweep", keys, args));
            if (reply.items.size() != 2) return Unexpected();
            gone += static_cast<std::uint64_t>(reply.items[0].integer);
            if (reply.items[1].integer == 0) SATCHEL_TRY(threads_.Remove(thread));
            if (reply.items[0].integer < 1000) break;
          }
        }
        return gone;
      });
}

Result<std::unique_ptr<CheckpointListener>> Checkpointer::Subscribe(std::string_view thread) {
  return Counted(
      options_.repo, store_, RepoOp::kCheckpointSubscribe,
      [&]() -> Result<std::unique_ptr<CheckpointListener>> {
        SATCHEL_TRY(Check({.thread = std::string(thread)}));
        SATCHEL_ASSIGN(auto inbox, Inbox::Open(store_, *options_.repo.clock, {Base(thread) + ":ev"},
                                               {}, options_.buffer));
        return std::make_unique<CheckpointListener>(std::move(inbox), *options_.repo.clock);
      });
}

namespace {

// Empty for somebody else's message.
std::optional<CheckpointEvent> EventOf(const std::string& payload) {
  const auto json = nlohmann::json::parse(payload, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  const auto id = [&](const char* name) -> std::optional<std::string> {
    const auto at = json.find(name);
    if (at == json.end() || !at->is_string()) return std::nullopt;
    auto raw = Unescape(at->get_ref<const std::string&>());
    if (!raw) return std::nullopt;
    return *raw;
  };
  const auto number = [&](const char* name) -> std::optional<std::int64_t> {
    const auto at = json.find(name);
    if (at == json.end() || !at->is_number_integer()) return std::nullopt;
    return at->get<std::int64_t>();
  };
  const auto thread = id("thread");
  const auto ns = id("ns");
  const auto checkpoint = id("id");
  const auto seq = number("seq");
  const auto put = number("put");
  if (!thread || !ns || !checkpoint || !seq || !put) return std::nullopt;
  return CheckpointEvent{.thread = *thread,
                         .ns = *ns,
                         .id = *checkpoint,
                         .seq = static_cast<std::uint64_t>(*seq),
                         .put_ms = *put};
}

}  // namespace

Result<std::optional<CheckpointEvent>> CheckpointListener::Next(std::chrono::milliseconds wait) {
  const std::int64_t deadline_us = clock_.NowUs() + std::chrono::microseconds(wait).count();
  while (true) {
    const Inbox::Taken taken = inbox_->Take(deadline_us);
    gap_ = gap_ || taken.gap || taken.dropped > 0;
    if (taken.message) {
      if (auto event = EventOf(taken.message->payload)) return event;
      continue;
    }
    if (taken.is_closed) return MakeError(ErrorCode::kClosed, "checkpoint: closed");
    if (clock_.NowUs() >= deadline_us) return std::optional<CheckpointEvent>();
  }
}

}  // namespace satchel::repos
