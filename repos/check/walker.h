// Walker: goes through what an entity consists of, a page at a time, and can go on from where
// another one has stopped.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repos/check/entity_check.h"

namespace satchel::repos::check {

// Where to go on. Keys are named by digests: the order of a page follows them, and a position
// names no id.
struct Position {
  std::size_t walk = 0;
  std::string cursor = "0";  // of SCAN
  std::string done = {};     // digest of the last key of this SCAN page that is through
  std::string walking = {};  // digest of the key whose entries are being read
  std::string inner = {};    // cursor in it

  bool operator==(const Position&) const = default;
};

struct ThingPage {
  std::vector<Thing> things;
  std::vector<Finding> broken;  // keys of another type
  bool is_canonical = false;
  Position after;
};

class Walker {
 public:
  Walker(EntityCheck& check, store::Store& store, std::int64_t batch, Position from);

  // Empty at the end. One round trip, two at a new SCAN page of indexes.
  Result<std::optional<ThingPage>> Next();

 private:
  Result<void> Scan();
  Result<ThingPage> ReadEntries();
  void Advance();

  EntityCheck& check_;   // borrowed
  store::Store& store_;  // borrowed
  const std::vector<Walk> walks_;
  const std::string batch_;
  Position position_;
  bool is_scanned_ = false;
  std::string next_;                                       // cursor after this page
  std::vector<std::pair<std::string, std::string>> keys_;  // digest, key; the last comes first
};

}  // namespace satchel::repos::check
