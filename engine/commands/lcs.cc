// LCS: the longest common subsequence of two strings. Source: redis 7.0.15, LCS.

#include <algorithm>

#include "engine/call.h"
#include "engine/commands/families.h"

namespace satchel::engine {
namespace {

struct LcsOptions {
  bool length = false;
  bool indexes = false;
  bool with_lengths = false;
  std::int64_t min_length = 0;
};

Result<LcsOptions> ParseLcs(const Call& call) {
  LcsOptions options;
  for (std::size_t i = 3; i < call.argc(); ++i) {
    if (call.Is(i, "IDX")) {
      options.indexes = true;
    } else if (call.Is(i, "LEN")) {
      options.length = true;
    } else if (call.Is(i, "WITHMATCHLEN")) {
      options.with_lengths = true;
    } else if (call.Is(i, "MINMATCHLEN") && i + 1 < call.argc()) {
      SATCHEL_ASSIGN(options.min_length, call.Integer(++i));
      options.min_length = std::max<std::int64_t>(0, options.min_length);
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  if (options.indexes && options.length) {
    return ReplyError("ERR If you want both the length and indexes, please just use IDX.");
  }
  return options;
}

// Lengths of the common subsequences of all prefixes.
class Lengths {
 public:
  Lengths(std::string_view a, std::string_view b)
      : width_(b.size() + 1), cells_((a.size() + 1) * width_) {
    for (std::size_t i = 1; i <= a.size(); ++i) {
      for (std::size_t j = 1; j <= b.size(); ++j) {
        at(i, j) =
            a[i - 1] == b[j - 1] ? at(i - 1, j - 1) + 1 : std::max(at(i - 1, j), at(i, j - 1));
      }
    }
  }
  std::uint32_t& at(std::size_t i, std::size_t j) { return cells_[i * width_ + j]; }

 private:
  std::size_t width_;
  std::vector<std::uint32_t> cells_;
};

// A run of equal bytes, ends included.
struct Match {
  std::size_t a_first, a_last, b_first, b_last;
  std::int64_t size() const { return static_cast<std::int64_t>(a_last - a_first + 1); }
};

struct Lcs {
  std::string text;
  std::vector<Match> matches;  // from the back
};

Lcs Solve(std::string_view a, std::string_view b, Lengths& lengths) {
  Lcs result;
  std::size_t i = a.size();
  std::size_t j = b.size();
  while (i > 0 && j > 0) {
    if (a[i - 1] == b[j - 1]) {
      result.text += a[i - 1];
      Match* last = result.matches.empty() ? nullptr : &result.matches.back();
      if (last != nullptr && last->a_first == i && last->b_first == j) {
        --last->a_first;
        --last->b_first;
      } else {
        result.matches.push_back({i - 1, i - 1, j - 1, j - 1});
      }
      --i;
      --j;
    } else if (lengths.at(i - 1, j) > lengths.at(i, j - 1)) {
      --i;
    } else {
      --j;
    }
  }
  std::reverse(result.text.begin(), result.text.end());
  return result;
}

void ReplyRange(Reply& reply, std::size_t first, std::size_t last) {
  reply.BeginArray(2);
  reply.Integer(static_cast<std::int64_t>(first));
  reply.Integer(static_cast<std::int64_t>(last));
}

void ReplyMatches(Reply& reply, const Lcs& lcs, const LcsOptions& options) {
  reply.BeginMap(2);
  reply.Bulk("matches");
  const std::size_t mark = reply.Open(Aggregate::kArray);
  std::size_t count = 0;
  for (const Match& match : lcs.matches) {
    if (options.min_length != 0 && match.size() < options.min_length) continue;
    ++count;
    reply.BeginArray(options.with_lengths ? 3 : 2);
    ReplyRange(reply, match.a_first, match.a_last);
    ReplyRange(reply, match.b_first, match.b_last);
    if (options.with_lengths) reply.Integer(match.size());
  }
  reply.Close(mark, count);
  reply.Bulk("len");
  reply.Integer(static_cast<std::int64_t>(lcs.text.size()));
}

void LcsCommand(Call& call, Reply& reply) {
  constexpr std::string_view kNotStrings = "ERR The specified keys must contain string values";
  std::string texts[2];
  for (std::size_t i = 0; i < 2; ++i) {
    const Entry* entry = call.Find(call.arg(i + 1));
    if (entry == nullptr) continue;
    if (!entry->is_string()) return reply.Error(kNotStrings);
    texts[i] = StringText(*entry).view();
  }
  auto options = ParseLcs(call);
  if (!options) return reply.Error(options.error());
  // The table takes four bytes a pair of bytes; what no memory could hold is refused.
  constexpr std::size_t kMaxCells = std::size_t{1} << 30;
  if (texts[0].size() + 1 > kMaxCells / (texts[1].size() + 1)) {
    return reply.Error(
        "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  }
  Lengths lengths(texts[0], texts[1]);
  const Lcs lcs = Solve(texts[0], texts[1], lengths);
  if (options->indexes) return ReplyMatches(reply, lcs, *options);
  if (options->length) return reply.Integer(static_cast<std::int64_t>(lcs.text.size()));
  reply.Bulk(lcs.text);
}

constexpr Command kLcsCommands[] = {
    {.name = "LCS",
     .arity = -3,
     .flags = kReadonly,
     .categories = kCatString,
     .keys = {KeyRange(1, 1, 1, kRO | kAccess)},
     .run = LcsCommand,
     .since = "7.0.0",
     .group = "string",
     .complexity = "O(N*M)",
     .summary = "Returns the longest common subsequence of two strings."},
};
static_assert(RowsAreSound(kLcsCommands));

}  // namespace

std::span<const Command> LcsCommands() { return kLcsCommands; }

}  // namespace satchel::engine
