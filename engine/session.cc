#include "engine/session.h"

#include <algorithm>

namespace satchel::engine {

void Sessions::Add(Session* session, std::int64_t now_ms) {
  session->id = next_id_++;
  session->created_ms = session->last_active_ms = now_ms;
  all_.push_back(session);
}

void Sessions::Remove(Session* session) { all_.remove(session); }

Session* Sessions::Find(std::uint64_t id) const {
  auto it = std::find_if(all_.begin(), all_.end(), [&](Session* s) { return s->id == id; });
  return it == all_.end() ? nullptr : *it;
}

std::size_t Sessions::clients() const {
  return static_cast<std::size_t>(
      std::count_if(all_.begin(), all_.end(), [](Session* s) { return s->peer != nullptr; }));
}

}  // namespace satchel::engine
