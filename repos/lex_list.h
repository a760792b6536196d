// Rows of a lex index: a ZSET of scores 0 whose members are escaped fields joined by a space, the
// last of them the id of an object in the same tag.

#pragma once

#include <string>
#include <string_view>

#include "repos/fields.h"
#include "repos/page.h"
#include "store/store.h"

namespace satchel::repos {

struct LexRange {
  std::string index;    // the ZSET
  std::string prefix;   // of the members, without the space after it
  std::string objects;  // what keys of objects begin with; the escaped id follows
  bool descending = true;
};

// What follows "<prefix> " in a member is its position. Members whose object is gone are removed.
// One round trip; `count` at most kRowsPerCall.
Result<Rows<Fields>> ReadLexRows(store::Store& store, const LexRange& range,
                                 const std::string& after, std::int64_t count);

// The id at the end of a position.
Result<std::string> IdOfPosition(std::string_view position);

}  // namespace satchel::repos
