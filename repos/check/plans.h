// The findings and repairs that several entities share.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply_value.h"
#include "repos/check/finding.h"

namespace satchel::repos::check {

// Registry entries younger than this may be of an object that is just being written.
inline constexpr std::int64_t kRegistryGraceMs = 600'000;
// The store removes an object by itself so long after its deadline.
inline constexpr std::int64_t kPhysicalGraceMs = 24 * 3600 * 1000;

// The score a reply tells; empty for none.
std::optional<double> ScoreOf(const ReplyValue& reply);
// A text as scripts take it: "" for none, else "=" and the text.
std::string Given(const ReplyValue& reply);

struct IndexChange {
  bool is_removal = false;
  std::string member;
  std::int64_t score = 0;
};
// Members of an index in the tag of an object, unless the object has another version by now; an
// empty version: unless it is there.
Plan FixIndex(std::string_view object, std::string_view index, std::string_view version,
              const std::vector<IndexChange>& changes);

struct FieldChange {
  std::string field;
  std::string seen;    // as of Given; the field must still say it
  std::string wanted;  // "" removes it
};
// A field of a hash in the tag of an object, or of the object itself, under the same condition.
Plan FixField(std::string_view object, std::string_view hash, std::string_view version,
              const FieldChange& change);

// The deadline of a key in the tag of an object, unix ms; empty: none. The same condition.
Plan FixTtl(std::string_view object, std::string_view key, std::string_view version,
            std::optional<std::int64_t> deadline_ms);
// The finding, if the key's deadline (a reply of PEXPIRETIME) is another one.
std::optional<Finding> TtlFinding(std::string_view index, std::string_view object,
                                  std::string_view key, std::string_view version,
                                  const ReplyValue& actual, std::optional<std::int64_t> wanted_ms);

// A member of a sorted set that stands alone, unless its score has changed; empty wanted: removes.
Plan FixEntry(std::string_view key, std::string_view member, const ReplyValue& seen_score,
              std::optional<std::int64_t> wanted_score);
// The finding for an entry of a registry that has nothing behind it: `score` as of ZSCORE, `behind`
// as of EXISTS for the keys it stands for. None for an entry that is young.
std::optional<Finding> RegistryFinding(std::string_view name, const Thing& entry, bool is_legal,
                                       const ReplyValue& score, const ReplyValue& behind,
                                       std::int64_t now_ms);
// A string that stands alone; texts as of Given.
Plan FixString(std::string_view key, std::string_view seen, std::string_view wanted);

// Bytes of a key that no repository writes like that.
Finding CorruptKey(std::string_view index, std::string_view key);

// The index members that are not there, or have another score than 0: `scores` are the replies
// to ZMSCORE. Names of entries are their words before the first that is an id.
std::string EntryName(std::string_view entry);
void CompareMembers(std::string_view object, std::string_view index, std::string_view version,
                    const std::vector<std::string>& members, const ReplyValue& scores,
                    std::vector<Finding>& found);

}  // namespace satchel::repos::check
