#include "engine/session.h"

#include <algorithm>

#include "engine/tracking.h"

namespace satchel::engine {

Session::Session(Kind kind, Peer* peer) : kind(kind), peer(peer) {}
std::size_t Session::MemoryBytes() const {
  std::size_t bytes = sizeof(Session) + queued_bytes + name.size();
  if (peer != nullptr) {
    bytes += peer->InputBytes() + peer->FreeInputBytes() + peer->OutputMemoryBytes();
  }
  if (blocked != nullptr) {
    for (const std::string& arg : blocked->args) bytes += sizeof arg + arg.size();
  }
  return bytes;
}

Session::~Session() = default;

void Sessions::Add(Session* session, std::int64_t now_ms) {
  session->id = next_id_++;
  session->created_ms = session->last_active_ms = now_ms;
  by_id_[session->id] = all_.insert(all_.end(), session);
}

void Sessions::Remove(Session* session) {
  auto it = by_id_.find(session->id);
  if (it == by_id_.end()) return;
  all_.erase(it->second);
  by_id_.erase(it);
}

Session* Sessions::Find(std::uint64_t id) const {
  auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : *it->second;
}

std::size_t Sessions::clients() const {
  return static_cast<std::size_t>(
      std::count_if(all_.begin(), all_.end(), [](Session* s) { return s->peer != nullptr; }));
}

}  // namespace satchel::engine
