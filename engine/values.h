// All containers, and which type each one is: for commands, which say call.Find<Hash>(key).

#pragma once

#include "engine/call.h"
#include "engine/hash.h"
#include "engine/list.h"
#include "engine/set.h"
#include "engine/sorted_set.h"
#include "engine/stream.h"

namespace satchel::engine {

template <>
struct ValueTypeOf<List> {
  static constexpr ValueType value = ValueType::kList;
};
template <>
struct ValueTypeOf<Set> {
  static constexpr ValueType value = ValueType::kSet;
};
template <>
struct ValueTypeOf<SortedSet> {
  static constexpr ValueType value = ValueType::kZset;
};
template <>
struct ValueTypeOf<Hash> {
  static constexpr ValueType value = ValueType::kHash;
};
template <>
struct ValueTypeOf<Stream> {
  static constexpr ValueType value = ValueType::kStream;
};

}  // namespace satchel::engine
