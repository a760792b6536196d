// table.sort: a quicksort whose choices are those of Lua 5.1, so that elements that compare equal
// end up in the same order, and a bad comparison fails at the same place.
//
// Three elements are put in order first: the outer two and the middle. The middle one is the
// pivot and waits at the last place but one. Two indices run towards each other and swap what is
// on the wrong side. Recursion takes the smaller part, the loop goes on with the larger one.

#include "lua/arguments.h"
#include "lua/libraries.h"
#include "lua/proxy.h"

namespace satchel::lua {
namespace {

constexpr int kTable = 1;
constexpr int kComparison = 2;  // or nil

class Sorter {
 public:
  explicit Sorter(lua_State* state) : state_(state), compares_(!lua_isnil(state, kComparison)) {}

  void Sort(int low, int high) {
    while (low < high) {
      if (!OrderThree(low, high)) return;
      const int pivot = Partition(low, high);
      if (pivot - low < high - pivot) {
        Sort(low, pivot - 1);
        low = pivot + 1;
      } else {
        Sort(pivot + 1, high);
        high = pivot - 1;
      }
    }
  }

 private:
  void Push(int index) { lua_rawgeti(state_, kTable, index); }

  // Stores the top at `first` and the value below it at `second`.
  void Store(int first, int second) {
    lua_rawseti(state_, kTable, first);
    lua_rawseti(state_, kTable, second);
  }

  bool Less(int a, int b) {
    if (!compares_) return lua_compare(state_, a, b, LUA_OPLT) != 0;
    a = lua_absindex(state_, a);
    b = lua_absindex(state_, b);
    lua_pushvalue(state_, kComparison);
    lua_pushvalue(state_, a);
    lua_pushvalue(state_, b);
    lua_call(state_, 2, 1);
    const bool less = lua_toboolean(state_, -1) != 0;
    lua_pop(state_, 1);
    return less;
  }

  // Swaps the two elements if the one at `right` is less.
  bool OrderTwo(int left, int right) {
    Push(left);
    Push(right);
    if (Less(-1, -2)) {
      Store(left, right);
      return true;
    }
    lua_pop(state_, 2);
    return false;
  }

  // False if there is nothing more to sort.
  bool OrderThree(int low, int high) {
    OrderTwo(low, high);
    if (high - low == 1) return false;
    const int middle = Middle(low, high);
    Push(middle);
    Push(low);
    if (Less(-2, -1)) {
      Store(middle, low);
    } else {
      lua_pop(state_, 1);
      Push(high);
      if (Less(-1, -2)) {
        Store(middle, high);
      } else {
        lua_pop(state_, 2);
      }
    }
    return high - low != 2;
  }

  static int Middle(int low, int high) { return static_cast<int>((std::int64_t{low} + high) / 2); }

  // Returns where the pivot came to lie.
  int Partition(int low, int high) {
    const int middle = Middle(low, high);
    Push(middle);
    lua_pushvalue(state_, -1);
    Push(high - 1);
    Store(middle, high - 1);
    int left = low;
    int right = high - 1;
    while (true) {
      for (Push(++left); Less(-1, -2); Push(++left)) {
        if (left > high) Raise(state_, "invalid order function for sorting");
        lua_pop(state_, 1);
      }
      for (Push(--right); Less(-3, -1); Push(--right)) {
        if (right < low) Raise(state_, "invalid order function for sorting");
        lua_pop(state_, 1);
      }
      if (right < left) break;
      Store(left, right);
    }
    lua_pop(state_, 3);
    Push(high - 1);
    Push(left);
    Store(high - 1, left);
    return left;
  }

  lua_State* state_;
  bool compares_;
};

}  // namespace

int TableSort(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  const int length = static_cast<int>(lua_rawlen(state, 1));
  constexpr int kNeeded = 40;
  luaL_checkstack(state, kNeeded + 64, "");
  if (!lua_isnoneornil(state, kComparison)) CheckType(state, kComparison, LUA_TFUNCTION);
  lua_settop(state, 2);
  Sorter(state).Sort(1, length);
  return 0;
}

}  // namespace satchel::lua
