#include "engine/tracking.h"

#include <algorithm>

#include "engine/error_text.h"

namespace satchel::engine {
namespace {

bool Overlap(std::string_view a, std::string_view b) {
  return a.starts_with(b) || b.starts_with(a);
}

Error OverlapError(const std::string& prefix, std::string_view what, const std::string& other) {
  return ReplyError("ERR Prefix '" + Printed(prefix) + "' overlaps with " + std::string(what) +
                    " '" + Printed(other) + "'. Prefixes for a single client must not overlap.");
}

Result<void> CheckPrefixes(const std::vector<std::string>& given,
                           const std::set<std::string>& known) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    for (const std::string& other : known) {
      if (Overlap(given[i], other)) return OverlapError(given[i], "an existing prefix", other);
    }
    for (std::size_t j = i + 1; j < given.size(); ++j) {
      if (Overlap(given[i], given[j])) {
        return OverlapError(given[i], "another provided prefix", given[j]);
      }
    }
  }
  return {};
}

constexpr std::string_view kNoModeSwitch =
    " before disabling tracking for this client, and then re-enabling it with a different mode.";

Result<void> CheckOptions(const TrackingState* now, const Tracking::Options& options) {
  if (!options.broadcast && !options.prefixes.empty()) {
    return ReplyError("ERR PREFIX option requires BCAST mode to be enabled");
  }
  if (now != nullptr && now->broadcast != options.broadcast) {
    return ReplyError("ERR You can't switch BCAST mode on/off" + std::string(kNoModeSwitch));
  }
  if (options.broadcast && (options.opt_in || options.opt_out)) {
    return ReplyError("ERR OPTIN and OPTOUT are not compatible with BCAST");
  }
  if (options.opt_in && options.opt_out) {
    return ReplyError("ERR You can't specify both OPTIN mode and OPTOUT mode");
  }
  if (now != nullptr && ((options.opt_in && now->opt_out) || (options.opt_out && now->opt_in))) {
    return ReplyError("ERR You can't switch OPTIN/OPTOUT mode" + std::string(kNoModeSwitch));
  }
  if (!options.broadcast) return {};
  return CheckPrefixes(options.prefixes, now != nullptr ? now->prefixes : std::set<std::string>());
}

std::shared_ptr<PushMessage> Invalidation(std::vector<std::string> keys) {
  auto message = std::make_shared<PushMessage>();
  message->kind = PushMessage::Kind::kInvalidation;
  message->channel = "__redis__:invalidate";
  message->keys = std::move(keys);
  return message;
}

}  // namespace

// --- On and off ----------------------------------------------------------------------------

void Tracking::AddPrefix(Session& session, const std::string& prefix) {
  if (session.tracking->prefixes.insert(prefix).second) {
    prefixes_[prefix].sessions.push_back(&session);
  }
}

Result<void> Tracking::Enable(Session& session, const Options& options) {
  SATCHEL_TRY(CheckOptions(session.tracking.get(), options));
  if (session.tracking == nullptr) {
    session.tracking = std::make_unique<TrackingState>();
    ++clients_;
  }
  TrackingState& state = *session.tracking;
  state.broadcast = options.broadcast;
  state.opt_in = options.opt_in;
  state.opt_out = options.opt_out;
  state.no_loop = options.no_loop;
  state.broken_redirect = false;
  state.redirect = options.redirect;
  if (!options.broadcast) return {};
  if (options.prefixes.empty()) AddPrefix(session, "");
  for (const std::string& prefix : options.prefixes) AddPrefix(session, prefix);
  return {};
}

void Tracking::Disable(Session& session) {
  if (session.tracking == nullptr) return;
  for (const std::string& name : session.tracking->prefixes) {
    auto prefix = prefixes_.find(name);
    std::erase(prefix->second.sessions, &session);
    if (prefix->second.sessions.empty()) prefixes_.erase(prefix);
  }
  session.tracking.reset();
  --clients_;
}

// --- The table -----------------------------------------------------------------------------

void Tracking::Remember(const Session& session, std::span<const std::string_view> keys) {
  for (std::string_view key : keys) {
    std::vector<std::uint64_t>& ids = table_[std::string(key)];
    if (std::find(ids.begin(), ids.end(), session.id) != ids.end()) continue;
    ids.push_back(session.id);
    ++items_;
  }
  ShrinkTable();
}

void Tracking::Forget(Table::iterator entry) {
  items_ -= entry->second.size();
  table_.erase(entry);
}

// Who is told that any key has changed only reads it again: any key will do.
void Tracking::ShrinkTable() {
  while (max_keys > 0 && table_.size() > static_cast<std::size_t>(max_keys)) {
    std::size_t bucket = random_.Below(table_.bucket_count());
    while (table_.bucket_size(bucket) == 0) bucket = (bucket + 1) % table_.bucket_count();
    Invalidate(std::string(table_.begin(bucket)->first), nullptr);
  }
}

void Tracking::Invalidate(std::string_view key, Session* by) {
  for (auto& [prefix, state] : prefixes_) {
    if (!key.starts_with(prefix)) continue;
    state.changed[std::string(key)] = by != nullptr ? by->id : 0;
    has_broadcast_ = true;
  }
  auto entry = table_.find(std::string(key));
  if (entry == table_.end()) return;
  const std::vector<std::uint64_t> ids = entry->second;
  Forget(entry);
  std::shared_ptr<PushMessage> message;
  for (std::uint64_t id : ids) {
    Session* session = sessions_.Find(id);
    if (session == nullptr || session->tracking == nullptr || session->tracking->broadcast) {
      continue;
    }
    if (session == by) {
      if (!session->tracking->no_loop) session->tracking->pending_keys.emplace_back(key);
      continue;
    }
    if (message == nullptr) message = Invalidation({std::string(key)});
    Send(*session, message);
  }
}

void Tracking::Flush(Session* by) {
  if (!active()) return;
  for (int protocol : {2, 3}) {
    auto message = Invalidation({});
    message->flushed_protocol = protocol;
    for (Session* session : sessions_.all()) {
      if (session->tracking == nullptr || session->protocol != protocol) continue;
      if (session == by) {
        session->tracking->pending_flush = true;
      } else {
        Send(*session, message);
      }
    }
  }
  table_.clear();
  items_ = 0;
}

// --- Messages ------------------------------------------------------------------------------

void Tracking::Send(Session& session, std::shared_ptr<PushMessage> message) {
  Session* target = &session;
  const std::uint64_t redirect = session.tracking->redirect;
  if (redirect != 0) {
    target = sessions_.Find(redirect);
    if (target == nullptr) {
      session.tracking->broken_redirect = true;
      if (session.protocol < 3 || session.peer == nullptr) return;
      auto broken = std::make_shared<PushMessage>();
      broken->kind = PushMessage::Kind::kBrokenRedirect;
      broken->id = redirect;
      return session.peer->Deliver(std::move(broken));
    }
  }
  if (target->kind != Session::Kind::kClient) return;
  const bool by_channel = redirect != 0 && target->subscribed();
  if (target->protocol >= 3 || by_channel) target->peer->Deliver(std::move(message));
}

void Tracking::SendPending(Session& session) {
  TrackingState& state = *session.tracking;
  if (state.pending_flush) {
    auto message = Invalidation({});
    message->flushed_protocol = session.protocol;
    Send(session, message);
  }
  for (std::string& key : state.pending_keys) Send(session, Invalidation({std::move(key)}));
  state.pending_keys.clear();
  state.pending_flush = false;
}

void Tracking::Broadcast() {
  has_broadcast_ = false;
  for (auto& [name, prefix] : prefixes_) {
    if (prefix.changed.empty()) continue;
    std::vector<std::string> keys;
    for (const auto& [key, by] : prefix.changed) keys.push_back(key);
    const auto message = Invalidation(std::move(keys));
    for (Session* session : prefix.sessions) {
      if (!session->tracking->no_loop) {
        Send(*session, message);
        continue;
      }
      std::vector<std::string> others;
      for (const auto& [key, by] : prefix.changed) {
        if (by != session->id) others.push_back(key);
      }
      if (!others.empty()) Send(*session, Invalidation(std::move(others)));
    }
    prefix.changed.clear();
  }
}

}  // namespace satchel::engine
