#include "repos/checkpointer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/metrics.h"

namespace satchel::repos {
namespace {

using Strings = std::vector<std::string>;

constexpr std::string_view kEmptyType = "empty";
constexpr std::string_view kSources[] = {"input", "loop", "update", "fork"};

Result<void> CheckMetadata(const std::string& text) {
  SATCHEL_TRY(CheckJsonObject("metadata", text));
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (const auto source = json.find("source"); source != json.end()) {
    const bool known =
        source->is_string() &&
        std::ranges::find(kSources, source->get_ref<const std::string&>()) != std::end(kSources);
    if (!known) return Invalid("metadata", "source is input, loop, update or fork");
  }
  if (const auto step = json.find("step"); step != json.end()) {
    if (!step->is_number_integer() || step->get<std::int64_t>() < -1) {
      return Invalid("metadata", "step is an integer from -1");
    }
  }
  return {};
}

Result<void> CheckVersion(const std::string& version) {
  SATCHEL_TRY(CheckComponent("channel_versions", version));
  SATCHEL_TRY(CheckJson("channel_versions", version));
  const char first = Trim(version)[0];
  if (first == '{' || first == '[') return Invalid("channel_versions", "must be JSON scalars");
  return {};
}

std::string VersionText(std::string_view channel, std::string_view version) {
  return Escape(channel) + " " + Escape(version);
}

// The parts of one row: escaped ns and id, fields, writes, blobs by their text.
struct Row {
  std::string ns;
  std::string id;
  Fields fields;
  std::vector<ReplyValue> writes;
  std::vector<ReplyValue> blobs;
};

Result<Row> RowOf(ReplyValue reply) {
  if (reply.items.size() != 5) return Unexpected();
  Row row{.writes = std::move(reply.items[3].items), .blobs = std::move(reply.items[4].items)};
  if (row.writes.size() % 2 != 0 || row.blobs.size() % 2 != 0) return Unexpected();
  SATCHEL_ASSIGN(row.ns, Unescape(reply.items[0].text));
  SATCHEL_ASSIGN(row.id, Unescape(reply.items[1].text));
  row.fields = Fields(std::move(reply.items[2]));
  return row;
}

Result<std::vector<PendingWrite>> WritesOf(const Row& row) {
  std::vector<PendingWrite> writes;
  for (std::size_t i = 0; i < row.writes.size(); i += 2) {
    const std::string& name = row.writes[i].text;  // "<task> <idx>"
    const std::size_t space = name.find(' ');
    const auto idx = ParseInt(space == name.npos ? "" : std::string_view(name).substr(space + 1));
    if (!idx) return Corrupt("checkpoint", "write");
    PendingWrite write{.idx = *idx};
    SATCHEL_ASSIGN(write.task_id, Unescape(std::string_view(name).substr(0, space)));
    SATCHEL_ASSIGN(TypedValue packed, Unseal(row.writes[i + 1].text));
    SATCHEL_TRY(UnpackWrite(std::move(packed), write));
    writes.push_back(std::move(write));
  }
  std::ranges::sort(writes, [](const PendingWrite& a, const PendingWrite& b) {
    return std::tie(a.task_path, a.task_id, a.idx) < std::tie(b.task_path, b.task_id, b.idx);
  });
  return writes;
}

Result<void> AddValues(const Row& row, Checkpoint& checkpoint) {
  for (std::size_t i = 0; i < row.blobs.size(); i += 2) {
    const std::string& text = row.blobs[i].text;  // "<channel> <version>"
    if (row.blobs[i + 1].is_null()) return Corrupt("checkpoint", "a value is gone");
    SATCHEL_ASSIGN(TypedValue value, Unseal(row.blobs[i + 1].text));
    if (value.type == kEmptyType) continue;
    SATCHEL_ASSIGN(std::string channel, Unescape(std::string_view(text).substr(0, text.find(' '))));
    checkpoint.channel_values.emplace(std::move(channel), std::move(value));
  }
  return {};
}

}  // namespace

Checkpointer::Checkpointer(store::Store& store, LockManager& locks, CheckpointerOptions options)
    : store_(store),
      locks_(locks),
      options_(std::move(options)),
      threads_(store, *options_.repo.clock, options_.repo.Base("ckpt", "ct") + ":threads") {
  SATCHEL_CHECK(CheckRepoOptions(options_.repo).has_value());
  SATCHEL_CHECK(options_.ttl.count() >= 0 && options_.keep_last >= 0 && options_.buffer > 0);
}

std::string Checkpointer::Base(std::string_view thread) const {
  return options_.repo.Base("ckpt", "ck", {thread});
}

Result<void> Checkpointer::Check(const CheckpointConfig& config) const {
  if (config.thread.empty()) return Invalid("thread", "must not be empty");
  SATCHEL_TRY(CheckComponent("thread", config.thread));
  SATCHEL_TRY(CheckComponent("ns", config.ns));
  if (config.id && config.id->empty()) return Invalid("id", "must not be empty");
  return CheckComponent("id", config.id.value_or(""));
}

Result<void> Checkpointer::CheckPut(const CheckpointPut& put) const {
  SATCHEL_TRY(Check(put.config));
  const Checkpoint& checkpoint = put.checkpoint;
  if (checkpoint.id.empty()) return Invalid("id", "must not be empty");
  SATCHEL_TRY(CheckComponent("id", checkpoint.id));
  SATCHEL_TRY(CheckComponent("ts", checkpoint.ts));
  SATCHEL_TRY(CheckMetadata(put.metadata));
  SATCHEL_TRY(CheckJson("versions_seen", checkpoint.versions_seen));
  SATCHEL_TRY(CheckJson("pending_sends", checkpoint.pending_sends));
  for (const auto& [channel, version] : checkpoint.channel_versions) {
    SATCHEL_TRY(CheckComponent("channel_versions", channel));
    SATCHEL_TRY(CheckVersion(version));
  }
  for (const auto& [channel, value] : checkpoint.channel_values) {
    if (!checkpoint.channel_versions.contains(channel)) {
      return Invalid("channel_values", "a channel without version");
    }
    if (value.type == kEmptyType) return Invalid("channel_values", "the type is reserved");
  }
  for (const auto& [channel, version] : put.new_versions) {
    const auto at = checkpoint.channel_versions.find(channel);
    if (at == checkpoint.channel_versions.end() || at->second != version) {
      return Invalid("new_versions", "must be among the versions of the checkpoint");
    }
  }
  return {};
}

namespace {

Result<std::string> SealCounted(const TypedValue& value, const SealOptions& options,
                                const Meter& meter) {
  auto sealed = Seal(value, options);
  if (!sealed) return sealed;
  meter.Observe(Family::kCheckpointValueBytes, value.bytes.size(), Form::kRaw);
  meter.Observe(Family::kCheckpointValueBytes, sealed->size(), Form::kStored);
  return sealed;
}

}  // namespace

Result<Checkpointer::Call> Checkpointer::PutCall(const CheckpointPut& put,
                                                 const std::string& condition,
                                                 const Lock* session) {
  SATCHEL_TRY(CheckPut(put));
  const Meter meter(options_.repo, store_);
  const Checkpoint& checkpoint = put.checkpoint;
  const std::string base = Base(put.config.thread);
  const std::string ns = Escape(put.config.ns);
  SATCHEL_ASSIGN(std::string body,
                 Seal({.type = {}, .bytes = PackBody(checkpoint)}, options_.seal));
  SATCHEL_ASSIGN(std::string meta, Seal({.type = {}, .bytes = put.metadata}, options_.seal));
  Call call{
      .keys = {base + ":t", base + ":n", base + ":h:" + ns, base + ":i:" + ns, base + ":r:" + ns,
               base + ":lock", base + ":fence"},
      .args = {
          FormatInt(options_.repo.clock->NowMs()), base, ns, Escape(checkpoint.id),
          put.config.id ? Escape(*put.config.id) : std::string(), checkpoint.ts, std::move(body),
          std::move(meta), FormatInt(options_.ttl.count()), FormatInt(options_.keep_last),
          condition, session != nullptr ? session->token() : std::string(),
          session != nullptr ? fmt::to_string(session->fence()) : std::string(),
          fmt::format("{{\"thread\":{},\"ns\":{},\"id\":{}", JsonString(Escape(put.config.thread)),
                      JsonString(ns), JsonString(Escape(checkpoint.id)))}};
  for (const auto& [channel, version] : checkpoint.channel_versions) {
    const auto value = checkpoint.channel_values.find(channel);
    const bool has_value = value != checkpoint.channel_values.end();
    const bool is_new = put.new_versions.contains(channel);
    std::string sealed;
    if (has_value || is_new) {
      const TypedValue empty{.type = std::string(kEmptyType), .bytes = {}};
      SATCHEL_ASSIGN(sealed, SealCounted(has_value ? value->second : empty, options_.seal, meter));
    }
    call.args.push_back(VersionText(channel, version));
    call.args.emplace_back(is_new ? "set" : has_value ? "keep" : "look");
    call.args.push_back(std::move(sealed));
  }
  return call;
}

Result<ComparedPut> Checkpointer::PutOutcome(const CheckpointPut& put, const ReplyValue& reply) {
  if (reply.items.empty()) return Unexpected();
  const std::string& outcome = reply.items[0].text;
  if (outcome == "ok") return ComparedPut{.stored = true, .latest = put.checkpoint.id};
  if (outcome == "fence") {
    return MakeError(ErrorCode::kFenceLost, "checkpoint: the session's lock lapsed");
  }
  if (outcome != "moved" || reply.items.size() != 2) return Unexpected();
  ComparedPut compared;
  if (reply.items[1].text.empty()) return compared;
  SATCHEL_ASSIGN(std::string latest, Unescape(reply.items[1].text));
  compared.latest = std::move(latest);
  return compared;
}

namespace {

// A put whose condition did not hold is no error to its caller.
Outcome OutcomeOfPut(const Result<ComparedPut>& result) {
  return result && !result->stored ? Outcome::kConflict : OutcomeOf(result);
}

}  // namespace

Result<ComparedPut> Checkpointer::RunPut(const CheckpointPut& put, const std::string& condition,
                                         const Lock* session) {
  const auto put_now = [&]() -> Result<ComparedPut> {
    SATCHEL_ASSIGN(const Call call, PutCall(put, condition, session));
    SATCHEL_TRY(threads_.Add(put.config.thread));
    SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, "ck_put", call.keys, call.args));
    return PutOutcome(put, reply);
  };
  auto result = put_now();
  Meter(options_.repo, store_).Add(Family::kCheckpointSaves, 1, OutcomeOfPut(result));
  return result;
}

namespace {

CheckpointConfig StoredConfig(const CheckpointPut& put) {
  return {.thread = put.config.thread, .ns = put.config.ns, .id = put.checkpoint.id};
}

std::string Condition(const std::optional<std::string>& expected_id) {
  return expected_id ? "=" + Escape(*expected_id) : "=";
}

}  // namespace

Result<CheckpointConfig> Checkpointer::Put(const CheckpointPut& put) {
  return Counted(options_.repo, store_, RepoOp::kCheckpointPut, [&]() -> Result<CheckpointConfig> {
    SATCHEL_TRY(RunPut(put, "", nullptr));
    return StoredConfig(put);
  });
}

Result<ComparedPut> Checkpointer::CompareAndPut(const CheckpointPut& put,
                                                const std::optional<std::string>& expected_id) {
  return Counted(
      options_.repo, store_, RepoOp::kCheckpointCompareAndPut,
      [&]() -> Result<ComparedPut> { return RunPut(put, Condition(expected_id), nullptr); });
}

Checkpointer::Call Checkpointer::GetCall(const CheckpointConfig& config) const {
  const std::string base = Base(config.thread);
  return {.keys = {base + ":t"},
          .args = {FormatInt(options_.repo.clock->NowMs()), base, Escape(config.ns),
                   config.id ? Escape(*config.id) : std::string(),
                   options_.refresh_on_read ? FormatInt(options_.ttl.count()) : std::string("0")}};
}

Result<std::optional<CheckpointTuple>> Checkpointer::TupleOf(const std::string& thread,
                                                             ReplyValue reply) const {
  if (reply.items.empty()) return std::optional<CheckpointTuple>();
  SATCHEL_ASSIGN(const Row row, RowOf(std::move(reply)));
  CheckpointTuple tuple{.config = {.thread = thread, .ns = row.ns, .id = row.id}};
  tuple.checkpoint.id = row.id;
  tuple.checkpoint.ts = row.fields.Text("ts");
  tuple.put_ms = row.fields.Int("put");
  tuple.seq = static_cast<std::uint64_t>(row.fields.Int("seq"));
  SATCHEL_ASSIGN(const TypedValue body, Unseal(row.fields.Text("body")));
  SATCHEL_TRY(UnpackBody(body.bytes, tuple.checkpoint));
  SATCHEL_ASSIGN(TypedValue meta, Unseal(row.fields.Text("meta")));
  tuple.metadata = std::move(meta.bytes);
  if (const auto parent = row.fields.Optional("parent")) {
    SATCHEL_ASSIGN(std::string id, Unescape(*parent));
    tuple.parent = CheckpointConfig{.thread = thread, .ns = row.ns, .id = std::move(id)};
  }
  SATCHEL_TRY(AddValues(row, tuple.checkpoint));
  SATCHEL_ASSIGN(tuple.pending_writes, WritesOf(row));
  return std::optional(std::move(tuple));
}

namespace {

Outcome OutcomeOfLoad(const Result<std::optional<CheckpointTuple>>& result) {
  return result && !*result ? Outcome::kNotFound : OutcomeOf(result);
}

}  // namespace

Result<std::optional<CheckpointTuple>> Checkpointer::GetTuple(const CheckpointConfig& config) {
  const auto load = [&]() -> Result<std::optional<CheckpointTuple>> {
    SATCHEL_TRY(Check(config));
    const Call call = GetCall(config);
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "ck_get", call.keys, call.args));
    return TupleOf(config.thread, std::move(reply));
  };
  auto result = Counted(options_.repo, store_, RepoOp::kCheckpointGetTuple, load);
  Meter(options_.repo, store_).Add(Family::kCheckpointLoads, 1, OutcomeOfLoad(result));
  return result;
}

Result<std::optional<Checkpoint>> Checkpointer::Get(const CheckpointConfig& config) {
  return Counted(options_.repo, store_, RepoOp::kCheckpointGet,
                 [&]() -> Result<std::optional<Checkpoint>> {
                   SATCHEL_ASSIGN(auto tuple, GetTuple(config));
                   if (!tuple) return std::optional<Checkpoint>();
                   return std::optional(std::move(tuple->checkpoint));
                 });
}

Result<void> Checkpointer::PutWrites(const CheckpointConfig& config,
                                     const std::vector<ChannelWrite>& writes,
                                     std::string_view task_id, std::string_view task_path) {
  return Counted(options_.repo, store_, RepoOp::kCheckpointPutWrites, [&]() -> Result<void> {
    SATCHEL_TRY(Check(config));
    if (!config.id) return Invalid("id", "must be given");
    SATCHEL_TRY(CheckComponent("task_id", task_id));
    SATCHEL_TRY(CheckComponent("task_path", task_path));
    if (writes.empty()) return {};
    const std::string base = Base(config.thread);
    const Strings keys = {base + ":t"};
    Strings args = {FormatInt(options_.repo.clock->NowMs()), base, Escape(config.ns),
                    Escape(*config.id), FormatInt(options_.ttl.count())};
    for (std::size_t i = 0; i < writes.size(); ++i) {
      SATCHEL_TRY(CheckComponent("channel", writes[i].channel));
      const auto special = SpecialIndex(writes[i].channel);
      const PendingWrite write{.task_path = std::string(task_path),
                               .idx = special.value_or(static_cast<std::int64_t>(i)),
                               .channel = writes[i].channel,
                               .value = writes[i].value};
      SATCHEL_ASSIGN(std::string sealed, Seal(PackWrite(write), options_.seal));
      args.push_back(Escape(task_id) + " " + FormatInt(write.idx));
      args.emplace_back(special ? "set" : "keep");
      args.push_back(std::move(sealed));
    }
    SATCHEL_TRY(threads_.Add(config.thread));
    SATCHEL_TRY(RunScript(store_, "ck_writes", keys, args));
    return {};
  });
}

Result<bool> Checkpointer::Delete(const CheckpointConfig& config) {
  return Counted(options_.repo, store_, RepoOp::kCheckpointDelete, [&]() -> Result<bool> {
    SATCHEL_TRY(Check(config));
    if (!config.id) return Invalid("id", "must be given");
    const std::string base = Base(config.thread);
    const Strings keys = {base + ":t"};
    const Strings args = {FormatInt(options_.repo.clock->NowMs()), base, Escape(config.ns),
                          Escape(*config.id)};
    SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, "ck_delete", keys, args));
    return reply.integer == 1;
  });
}

Result<void> Checkpointer::DeleteThread(std::string_view thread) {
  return Counted(options_.repo, store_, RepoOp::kCheckpointDeleteThread, [&]() -> Result<void> {
    SATCHEL_TRY(Check({.thread = std::string(thread)}));
    const std::string base = Base(thread);
    const Strings keys = {base + ":t", base + ":n"};
    const Strings args = {base, "100"};
    while (true) {
      SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, "ck_delete_thread", keys, args));
      if (reply.integer == 0) break;
    }
    return threads_.Remove(thread);
  });
}

std::vector<Result<CheckpointConfig>> Checkpointer::SaveMany(
    const std::vector<CheckpointPut>& puts) {
  const auto save = [&]() -> std::vector<Result<CheckpointConfig>> {
    Batch batch;
    std::vector<Result<CheckpointConfig>> results;
    std::vector<std::size_t> sent;
    Batch registrations;
    Strings registered;
    for (const CheckpointPut& put : puts) {
      const Result<Call> call = PutCall(put, "", nullptr);
      if (!call) {
        results.emplace_back(call.error());
        continue;
      }
      if (std::ranges::find(registered, put.config.thread) == registered.end()) {
        registered.push_back(put.config.thread);
        if (auto line = threads_.Addition(put.config.thread)) registrations.Add(std::move(*line));
      }
      batch.AddScript("ck_put", call->keys, call->args);
      sent.push_back(results.size());
      results.emplace_back(StoredConfig(put));
    }
    const Result<void> done = registrations.SendAll(store_);
    if (!done) {
      for (const std::size_t i : sent) results[i] = done.error();
      return results;
    }
    for (const std::string& thread : registered) threads_.Added(thread);
    if (sent.empty()) return results;
    const auto replies = batch.Send(store_);
    for (std::size_t i = 0; i < sent.size(); ++i) {
      if (!replies[i]) {
        results[sent[i]] = replies[i].error();
        continue;
      }
      const auto outcome = PutOutcome(puts[sent[i]], *replies[i]);
      if (!outcome) results[sent[i]] = outcome.error();
    }
    return results;
  };
  auto results = Counted(options_.repo, store_, RepoOp::kCheckpointSaveMany, save);
  const Meter meter(options_.repo, store_);
  for (const auto& one : results) meter.Add(Family::kCheckpointSaves, 1, OutcomeOf(one));
  return results;
}

std::vector<Result<std::optional<CheckpointTuple>>> Checkpointer::LoadMany(
    const std::vector<CheckpointConfig>& configs) {
  const auto load = [&]() -> std::vector<Result<std::optional<CheckpointTuple>>> {
    using Loaded = Result<std::optional<CheckpointTuple>>;
    Batch batch;
    std::vector<Loaded> results;
    std::vector<std::size_t> sent;
    for (const CheckpointConfig& config : configs) {
      if (auto legal = Check(config); !legal) {
        results.emplace_back(std::move(legal.error()));
        continue;
      }
      const Call call = GetCall(config);
      batch.AddScript("ck_get", call.keys, call.args);
      sent.push_back(results.size());
      results.emplace_back(std::optional<CheckpointTuple>());
    }
    if (sent.empty()) return results;
    auto replies = batch.Send(store_);
    for (std::size_t i = 0; i < sent.size(); ++i) {
      results[sent[i]] = replies[i] ? TupleOf(configs[sent[i]].thread, std::move(*replies[i]))
                                    : Loaded(std::move(replies[i].error()));
    }
    return results;
  };
  auto results = Counted(options_.repo, store_, RepoOp::kCheckpointLoadMany, load);
  const Meter meter(options_.repo, store_);
  for (const auto& one : results) meter.Add(Family::kCheckpointLoads, 1, OutcomeOfLoad(one));
  return results;
}

Result<std::int64_t> Checkpointer::Prune(std::string_view thread, std::string_view ns,
                                         std::int64_t keep) {
  return Counted(options_.repo, store_, RepoOp::kCheckpointPrune, [&]() -> Result<std::int64_t> {
    SATCHEL_TRY(Check({.thread = std::string(thread), .ns = std::string(ns)}));
    if (keep < 1) return Invalid("keep", "must be 1 at least");
    const std::string base = Base(thread);
    const Strings keys = {base + ":t"};
    const Strings args = {FormatInt(options_.repo.clock->NowMs()), base, Escape(ns),
                          FormatInt(keep), "64"};
    std::int64_t pruned = 0;
    while (true) {
      SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, "ck_prune", keys, args));
      pruned += reply.integer;
      if (reply.integer < 64) return pruned;
    }
  });
}

Result<CheckpointStats> Checkpointer::Stats(const CheckpointConfig& config) {
  return Counted(options_.repo, store_, RepoOp::kCheckpointStats, [&]() -> Result<CheckpointStats> {
    SATCHEL_TRY(Check(config));
    Call call = GetCall(config);
    call.args.back() = "0";  // looking at it is no use of it
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "ck_get", call.keys, call.args));
    if (reply.items.empty())
      return Absent(ErrorCode::kNotFound, "checkpoint", config.id.value_or(""));
    SATCHEL_ASSIGN(const Row row, RowOf(std::move(reply)));
    CheckpointStats stats{.id = row.id, .codec = "raw", .put_ms = row.fields.Int("put")};
    const auto add = [&](const std::string& sealed) -> Result<void> {
      SATCHEL_ASSIGN(const SealInfo info, InspectSealed(sealed));
      stats.raw_bytes += info.raw_bytes;
      stats.stored_bytes += sealed.size();
      if (info.is_compressed) stats.codec = "zstd";
      return {};
    };
    SATCHEL_TRY(add(row.fields.Text("body")));
    SATCHEL_TRY(add(row.fields.Text("meta")));
    for (std::size_t i = 1; i < row.writes.size(); i += 2) SATCHEL_TRY(add(row.writes[i].text));
    for (std::size_t i = 1; i < row.blobs.size(); i += 2) SATCHEL_TRY(add(row.blobs[i].text));
    stats.ratio = static_cast<double>(stats.raw_bytes) / static_cast<double>(stats.stored_bytes);
    if (row.fields.Has("x")) {
      stats.ttl_left =
          std::chrono::milliseconds(row.fields.Int("x") - options_.repo.clock->NowMs());
    }
    return stats;
  });
}

Result<std::string> Checkpointer::NextVersion(const std::optional<std::string>& current) {
  std::uint64_t number = 0;
  if (current && !current->empty()) {
    std::string_view text = *current;
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
      text = text.substr(1, text.size() - 2);
    }
    text = text.substr(0, text.find('.'));
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    const auto parsed = ParseUint(text.empty() ? "0" : text);
    if (!parsed || *parsed == UINT64_MAX) return Invalid("current", "is no version");
    number = *parsed;
  }
  const std::uint64_t random = options_.repo.random->Below(10'000'000'000'000'000);
  return fmt::format("{:032}.{:016}", number + 1, random);
}

Result<CheckpointSession> Checkpointer::OpenSession(std::string_view thread,
                                                    const LockOptions& options) {
  return Counted(
      options_.repo, store_, RepoOp::kCheckpointOpenSession, [&]() -> Result<CheckpointSession> {
        LockOptions of_session = options;
        of_session.kind = LockKind::kSession;
        SATCHEL_TRY(Check({.thread = std::string(thread)}));
        const std::string base = Base(thread);
        SATCHEL_ASSIGN(Lock lock,
                       locks_.AcquireKeys({.holder = base + ":lock", .fence = base + ":fence"},
                                          thread, of_session));
        return CheckpointSession(*this, std::string(thread), std::move(lock));
      });
}

Result<void> CheckpointSession::CheckThread(const CheckpointPut& put) const {
  if (put.config.thread != thread_) return Invalid("thread", "is not the session's");
  return {};
}

Result<CheckpointConfig> CheckpointSession::Put(const CheckpointPut& put) {
  SATCHEL_TRY(CheckThread(put));
  SATCHEL_TRY(checkpointer_.RunPut(put, "", &lock_));
  return StoredConfig(put);
}

Result<ComparedPut> CheckpointSession::CompareAndPut(
    const CheckpointPut& put, const std::optional<std::string>& expected_id) {
  SATCHEL_TRY(CheckThread(put));
  return checkpointer_.RunPut(put, Condition(expected_id), &lock_);
}

}  // namespace satchel::repos
