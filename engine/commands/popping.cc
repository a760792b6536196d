#include "engine/commands/popping.h"

namespace satchel::engine {

Result<MultiPop> ParseMultiPop(const Call& call, std::size_t first, EndWords words) {
  const auto keys = ParseInt(call.arg(first));
  if (!keys || *keys < 1) return ReplyError("ERR numkeys should be greater than 0");
  const auto key_count = static_cast<std::uint64_t>(*keys);
  if (key_count >= call.argc() - first - 1) return ReplyError(kSyntaxError);
  const std::size_t where = first + 1 + key_count;
  MultiPop pop{.keys = call.args().subspan(first + 1, key_count)};
  pop.from_last = call.Is(where, words.last);
  if (!pop.from_last && !call.Is(where, words.first)) return ReplyError(kSyntaxError);
  bool counted = false;
  for (std::size_t i = where + 1; i < call.argc(); i += 2) {
    if (counted || !call.Is(i, "COUNT") || i + 1 == call.argc()) return ReplyError(kSyntaxError);
    const auto count = ParseInt(call.arg(i + 1));
    if (!count || *count < 1) return ReplyError("ERR count should be greater than 0");
    pop.count = *count;
    counted = true;
  }
  return pop;
}

}  // namespace satchel::engine
