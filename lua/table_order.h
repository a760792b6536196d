// TableOrder: the order in which Lua 5.1 would visit a table of string keys, given how it grew.
//
// 5.1 and 5.4 place a key in a table of a given size alike, but put the keys of a table that
// grows back in another order. So a model of 5.1's table is filled, which says how large the
// table became and in which order its last growth put the keys in: a 5.4 table made with that
// size and filled in that order is visited as 5.1 would.
// Holds for distinct strings of less than 32 bytes, in a state whose string hash has seed 0.
// Source: Lua 5.1.5, tables.

#pragma once

#include <cstdint>
#include <lua.hpp>
#include <string_view>
#include <vector>

namespace satchel::lua {

class TableOrder {
 public:
  static constexpr std::size_t kMaxKeyBytes = 31;

  // O(1), amortised.
  void Add(std::string_view key);

  std::size_t size() const { return hashes_.size(); }
  // Slots of the table.
  std::size_t slots() const { return nodes_.size(); }
  // Indices of the keys, as they were added, in the order to insert them.
  const std::vector<std::uint32_t>& order() const { return order_; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Node {
    std::uint32_t key = kNone;
    std::uint32_t next = kNone;
  };

  std::size_t SlotOf(std::uint32_t key) const { return hashes_[key] & (nodes_.size() - 1); }
  bool Insert(std::uint32_t key);
  bool FindFree();
  void Grow();

  std::vector<std::uint32_t> hashes_;  // of the keys
  std::vector<Node> nodes_;            // a power of two, or none
  std::size_t last_free_ = 0;          // no slot from here on is free
  std::vector<std::uint32_t> order_;
};

// Fills the table at the top of the stack as TableOrder says: Put() for each pair, then Finish().
// Where the model does not hold, the table is filled in the order of the pairs.
class TableFiller {
 public:
  explicit TableFiller(lua_State* state) : state_(state) {}

  // Takes the key and the value at the top into the table below them. Raises for nil and NaN.
  void Put();
  // May put another table in the place of the one that was filled.
  void Finish();

 private:
  bool NoteKey();

  lua_State* state_;  // borrowed
  TableOrder order_;
  std::vector<std::string_view> keys_;  // the table keeps them alive
  bool orderly_ = true;
};

}  // namespace satchel::lua
