// Registry: which owners, threads or workflows a tenant has, outside the tags of their objects.
//
// A ZSET of escaped members by the time they were last added, unix ms. An entry is added before
// the first object is written and removed after the last is gone: there may be entries too many,
// never too few, so readers check what they find. An addition is left out within 60 s of the
// last one, and only entries older than 10 min are removed: no object loses its entry.
// Thread: any.

#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos {

class Registry {
 public:
  Registry(store::Store& store, Clock& clock, std::string key)
      : store_(store), clock_(clock), key_(std::move(key)) {}

  // One round trip, none when it was added lately.
  Result<void> Add(std::string_view raw_member);
  // The same as a command to be sent with others; empty when it was added lately. Followed by
  // Added() once it has succeeded.
  std::optional<store::CommandLine> Addition(std::string_view raw_member) const;
  void Added(std::string_view raw_member);
  // Unless it was added lately. One round trip.
  Result<void> Remove(std::string_view raw_member);
  // All, unescaped, in order of their last addition.
  Result<std::vector<std::string>> Members() const;

  const std::string& key() const { return key_; }

 private:
  store::Store& store_;  // borrowed
  Clock& clock_;         // borrowed
  const std::string key_;
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t, std::less<>> added_ms_;  // guarded by mutex_
};

}  // namespace satchel::repos
