#include "lua/table_order.h"

#include <bit>
#include <utility>

#include "lua/arguments.h"

namespace satchel::lua {
namespace {

std::uint32_t HashOf(std::string_view key) {
  auto hash = static_cast<std::uint32_t>(key.size());
  for (std::size_t i = key.size(); i-- > 0;) {
    hash ^= (hash << 5) + (hash >> 2) + static_cast<unsigned char>(key[i]);
  }
  return hash;
}

}  // namespace

void TableOrder::Add(std::string_view key) {
  const auto index = static_cast<std::uint32_t>(hashes_.size());
  hashes_.push_back(HashOf(key));
  if (!Insert(index)) {
    Grow();
    Insert(index);
  }
  order_.push_back(index);
}

// Moves last_free_ to a free slot; false when there is none.
bool TableOrder::FindFree() {
  while (last_free_ > 0) {
    if (nodes_[--last_free_].key == kNone) return true;
  }
  return false;
}

// A key goes to its own slot. One that is there and belongs elsewhere has to move; one that is
// at home there is followed, in a chain, by the new one.
bool TableOrder::Insert(std::uint32_t key) {
  if (nodes_.empty()) return false;
  const std::size_t home = SlotOf(key);
  if (nodes_[home].key == kNone) {
    nodes_[home].key = key;
    return true;
  }
  if (!FindFree()) return false;
  const auto free = static_cast<std::uint32_t>(last_free_);
  std::size_t other = SlotOf(nodes_[home].key);
  if (other == home) {
    nodes_[free] = {.key = key, .next = nodes_[home].next};
    nodes_[home].next = free;
    return true;
  }
  while (nodes_[other].next != home) other = nodes_[other].next;
  nodes_[other].next = free;
  nodes_[free] = nodes_[home];
  nodes_[home] = {.key = key};
  return true;
}

void TableOrder::Grow() {
  const std::vector<Node> old = std::exchange(nodes_, {});
  nodes_.resize(std::bit_ceil(old.size() + 1));
  last_free_ = nodes_.size();
  order_.clear();
  for (std::size_t i = old.size(); i-- > 0;) {
    Insert(old[i].key);
    order_.push_back(old[i].key);
  }
}

void TableFiller::Put() {
  orderly_ = orderly_ && NoteKey();
  lua_rawset(state_, -3);
}

bool TableFiller::NoteKey() {
  if (lua_type(state_, -2) != LUA_TSTRING || lua_isnil(state_, -1)) return false;
  const std::string_view key = StringAt(state_, -2);
  if (key.size() > TableOrder::kMaxKeyBytes) return false;
  lua_pushvalue(state_, -2);
  const bool is_new = lua_rawget(state_, -4) == LUA_TNIL;
  lua_pop(state_, 1);
  if (!is_new) return true;
  keys_.push_back(key);
  order_.Add(key);
  return true;
}

void TableFiller::Finish() {
  if (!orderly_ || keys_.size() < 2) return;
  lua_createtable(state_, 0, static_cast<int>(order_.slots()));
  for (std::uint32_t index : order_.order()) {
    PushString(state_, keys_[index]);
    lua_pushvalue(state_, -1);
    lua_rawget(state_, -4);
    lua_rawset(state_, -3);
  }
  lua_remove(state_, -2);
}

}  // namespace satchel::lua
