// Engine's blocked callers: they wait by (database, key) in order of arrival, and their
// command runs again, as a unit of its own, when a key they wait for comes to exist.
// Source: redis 7.0, blocking operations: a waiter is served by the key that became ready.

#include <algorithm>

#include "engine/call.h"

namespace satchel::engine {
namespace {

bool WaitsForType(const Command& command, ValueType type) {
  switch (type) {
    case ValueType::kList:
      return (command.categories & kCatList) != 0;
    case ValueType::kZset:
      return (command.categories & kCatSortedSet) != 0;
    case ValueType::kStream:
      return (command.categories & kCatStream) != 0;
    default:
      return false;
  }
}

}  // namespace

void Engine::Block(Session& session, const Command& command, Args args,
                   std::span<const std::string_view> keys, std::int64_t deadline_ms) {
  auto state = std::make_unique<BlockedState>();
  state->args.assign(args.begin(), args.end());
  state->command = &command;
  state->keys.assign(keys.begin(), keys.end());
  state->db = session.db;
  state->deadline_ms = deadline_ms;
  state->order = next_block_order_++;
  for (const std::string& key : state->keys) {
    auto& waiting = blocked_keys_[WatchName(session.db, key)];
    if (waiting.empty() || waiting.back() != &session) waiting.push_back(&session);
  }
  session.blocked = std::move(state);
  blocked_.push_back(&session);
}

void Engine::Unlist(Session& session) {
  for (const std::string& key : session.blocked->keys) {
    auto it = blocked_keys_.find(WatchName(session.blocked->db, key));
    if (it == blocked_keys_.end()) continue;
    it->second.remove(&session);
    if (it->second.empty()) blocked_keys_.erase(it);
  }
  std::erase(blocked_, &session);
}

void Engine::SignalReady(int db, std::string_view key, ValueType type) {
  if (blocked_keys_.empty() || !blocked_keys_.contains(WatchName(db, key))) return;
  // As the reference: a key of a type that nobody at all waits for is not looked at.
  if (std::none_of(blocked_.begin(), blocked_.end(), [type](const Session* session) {
        return WaitsForType(*session->blocked->command, type);
      })) {
    return;
  }
  for (const ReadyKey& ready : ready_) {
    if (ready.db == db && ready.key == key) return;
  }
  ready_.push_back({db, std::string(key)});
}

void Engine::SignalStreams(int db) {
  for (const Session* session : blocked_) {
    if (session->blocked->db != db) continue;
    for (const std::string& key : session->blocked->keys) {
      const Entry* entry = keyspace_.Peek(db, key);
      if (entry != nullptr && entry->type() == ValueType::kStream)
        SignalReady(db, key, ValueType::kStream);
    }
  }
}

void Engine::ServeReady() {
  while (!ready_.empty()) {
    const std::vector<ReadyKey> ready = std::exchange(ready_, {});
    for (const ReadyKey& key : ready) {
      auto it = blocked_keys_.find(WatchName(key.db, key.key));
      if (it == blocked_keys_.end()) continue;
      const std::list<Session*> waiting = it->second;
      const auto find = [&] {
        const Entry* entry = keyspace_.Peek(key.db, key.key);
        return entry == nullptr || entry->ExpiredAt(now_ms()) ? nullptr : entry;
      };
      for (Session* session : waiting) {
        const Entry* entry = find();
        if (entry == nullptr) break;
        if (!session->blocked || !WaitsForType(*session->blocked->command, entry->type())) {
          continue;
        }
        ServeWaiter(*session, &key);
      }
      const Entry* entry = find();
      if (entry == nullptr || entry->type() != ValueType::kStream) EndGroupReads(key);
    }
  }
}

// Ends the waits in groups of a stream that is gone.
void Engine::EndGroupReads(const ReadyKey& gone) {
  auto it = blocked_keys_.find(WatchName(gone.db, gone.key));
  if (it == blocked_keys_.end()) return;
  const std::list<Session*> waiting = it->second;
  for (Session* session : waiting) {
    if (!session->blocked) continue;
    const Command& command = *session->blocked->command;
    if ((command.categories & kCatStream) == 0 || (command.flags & kWrite) == 0) continue;
    UnblockWithError(*session, "UNBLOCKED the stream key no longer exists");
  }
}

// Runs a blocked command again: for a key that is ready, or because it asked for this time.
void Engine::ServeWaiter(Session& session, const ReadyKey* ready) {
  const BlockedState& state = *session.blocked;
  const std::vector<std::string_view> args(state.args.begin(), state.args.end());
  Call call(*this, session, *state.command, args);
  call.may_block_ = true;
  if (ready != nullptr) call.ready_key_ = ready->key;
  ++unit_depth_;  // not BeginUnit: ready keys of this unit are served by our caller's loop
  unit_now_ms_ = 0;
  RunCall(call, session.waiter->Sink());
  FinishUnit();
  --unit_depth_;
  if (call.wants_block_) return;
  Unlist(session);
  session.blocked.reset();
  session.waiter->Served();
}

void Engine::RetryBlocked() {
  std::vector<Session*> due;
  for (Session* session : blocked_) {
    const std::int64_t retry = session->blocked->retry_ms;
    if (retry != 0 && retry <= now_ms()) due.push_back(session);
  }
  for (Session* session : due) {
    if (session->blocked) ServeWaiter(*session, nullptr);
  }
}

void Engine::TimeOutBlocked() {
  std::vector<Session*> due;
  for (Session* session : blocked_) {
    const std::int64_t deadline = session->blocked->deadline_ms;
    if (deadline != 0 && deadline <= now_ms()) due.push_back(session);
  }
  std::sort(due.begin(), due.end(), [](const Session* a, const Session* b) {
    return std::pair(a->blocked->deadline_ms, a->blocked->order) <
           std::pair(b->blocked->deadline_ms, b->blocked->order);
  });
  for (Session* session : due) UnblockWithTimeout(*session);
}

void Engine::UnblockWithTimeout(Session& session) {
  using OnTimeout = BlockedState::OnTimeout;
  Unlist(session);
  const OnTimeout what = session.blocked->on_timeout;
  session.blocked.reset();
  Reply& reply = session.waiter->Sink();
  if (what == OnTimeout::kNullArray) {
    reply.NullArray();
  } else {
    if (what == OnTimeout::kTwoZeros) {
      reply.BeginArray(2);
      reply.Integer(0);
    }
    reply.Integer(0);
  }
  session.waiter->Served();
}

void Engine::UnblockWithError(Session& session, std::string_view error) {
  Unlist(session);
  session.blocked.reset();
  session.waiter->Sink().Error(error);
  CountError(session.waiter->Sink().error_code());
  session.waiter->Served();
}

}  // namespace satchel::engine
