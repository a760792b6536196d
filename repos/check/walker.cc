#include "repos/check/walker.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/text.h"
#include "repos/errors.h"

namespace satchel::repos::check {

Walker::Walker(EntityCheck& check, store::Store& store, std::int64_t batch, Position from)
    : check_(check),
      store_(store),
      walks_(check.Walks()),
      batch_(FormatInt(batch)),
      position_(std::move(from)) {}

void Walker::Advance() {
  position_ = next_ == "0" ? Position{.walk = position_.walk + 1}
                           : Position{.walk = position_.walk, .cursor = next_};
  is_scanned_ = false;
}

Result<void> Walker::Scan() {
  const Walk& walk = walks_[position_.walk];
  std::set<std::string> keys;
  next_ = "0";
  if (walk.pattern.find('*') == walk.pattern.npos) {
    SATCHEL_ASSIGN(const ReplyValue exists, store_.Run({"EXISTS", walk.pattern}));
    if (exists.integer > 0) keys.insert(walk.pattern);
  } else {
    SATCHEL_ASSIGN(ReplyValue reply,
                   store_.Run({"SCAN", position_.cursor, "MATCH", walk.pattern, "COUNT", batch_}));
    if (reply.items.size() != 2) return Unexpected();
    next_ = std::move(reply.items[0].text);
    for (ReplyValue& key : reply.items[1].items) keys.insert(std::move(key.text));
  }
  keys_.clear();
  for (const std::string& key : keys) keys_.emplace_back(Sha256Hex(key).substr(0, 16), key);
  std::ranges::sort(keys_, std::greater<>());
  std::erase_if(keys_, [this](const auto& key) { return key.first <= position_.done; });
  is_scanned_ = true;
  return {};
}

Result<ThingPage> Walker::ReadEntries() {
  const Walk& walk = walks_[position_.walk];
  const auto [digest, key] = keys_.back();
  const std::string from = position_.walking == digest ? position_.inner : "0";
  const char* command = walk.shape == Shape::kHash ? "HSCAN" : "ZSCAN";
  ThingPage page;
  std::string inner = "0";
  const auto reply = store_.Run({command, key, from, "COUNT", batch_});
  if (!reply && reply.error().code != ErrorCode::kWrongType) return reply.error();
  if (!reply) {
    page.broken.push_back({Kind::kCorrupt, std::string(walk.name), key});
  } else {
    if (reply->items.size() != 2) return Unexpected();
    inner = reply->items[0].text;
    std::set<std::string> members;
    const auto& rows = reply->items[1].items;
    for (std::size_t i = 0; i + 1 < rows.size(); i += 2) members.insert(rows[i].text);
    for (const std::string& member : members) {
      Thing thing{position_.walk, key, member};
      if (check_.Takes(thing)) page.things.push_back(std::move(thing));
    }
  }
  if (inner != "0") {
    position_.walking = digest;
    position_.inner = inner;
    return page;
  }
  position_.done = digest;
  position_.walking.clear();
  position_.inner.clear();
  keys_.pop_back();
  if (keys_.empty()) Advance();
  return page;
}

Result<std::optional<ThingPage>> Walker::Next() {
  while (position_.walk < walks_.size()) {
    const Walk& walk = walks_[position_.walk];
    if (!is_scanned_) SATCHEL_TRY(Scan());
    if (keys_.empty()) {
      Advance();
      continue;
    }
    ThingPage page;
    if (walk.shape == Shape::kKey) {
      for (const auto& [digest, key] : keys_) page.things.push_back({position_.walk, key});
      Advance();
    } else {
      SATCHEL_ASSIGN(page, ReadEntries());
    }
    page.is_canonical = walk.is_canonical;
    page.after = position_;
    return std::optional(std::move(page));
  }
  return std::optional<ThingPage>();
}

}  // namespace satchel::repos::check
