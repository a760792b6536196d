#include "repos/registry.h"

#include "base/text.h"
#include "repos/keys.h"
#include "repos/scripts.h"
#include "store/commands.h"

namespace satchel::repos {
namespace {

constexpr std::int64_t kSkipAddingMs = 60'000;
constexpr std::int64_t kKeepMs = 600'000;
constexpr std::size_t kMaxRemembered = 10'000;

}  // namespace

std::optional<store::CommandLine> Registry::Addition(std::string_view raw_member) const {
  const std::int64_t now_ms = clock_.NowMs();
  const std::lock_guard lock(mutex_);
  const auto at = added_ms_.find(raw_member);
  const bool lately =
      at != added_ms_.end() && now_ms >= at->second && now_ms - at->second < kSkipAddingMs;
  if (lately) return std::nullopt;
  return store::CommandLine{"ZADD", key_, FormatInt(now_ms), Escape(raw_member)};
}

void Registry::Added(std::string_view raw_member) {
  const std::lock_guard lock(mutex_);
  if (added_ms_.size() >= kMaxRemembered) added_ms_.clear();
  added_ms_.insert_or_assign(std::string(raw_member), clock_.NowMs());
}

Result<void> Registry::Add(std::string_view raw_member) {
  const auto line = Addition(raw_member);
  if (!line) return {};
  SATCHEL_TRY(store_.Run(std::vector<std::string_view>(line->begin(), line->end())));
  Added(raw_member);
  return {};
}

Result<void> Registry::Remove(std::string_view raw_member) {
  const std::vector<std::string> keys = {key_};
  const std::vector<std::string> args = {Escape(raw_member), FormatInt(clock_.NowMs() - kKeepMs)};
  SATCHEL_TRY(store_.Eval(ScriptNamed("registry_remove"), keys, args));
  return {};
}

Result<std::vector<std::string>> Registry::Members() const {
  SATCHEL_ASSIGN(std::vector<std::string> members, store::Commands(store_).ZRange(key_, 0, -1));
  for (std::string& member : members) {
    SATCHEL_ASSIGN(member, Unescape(member));
  }
  return members;
}

}  // namespace satchel::repos
