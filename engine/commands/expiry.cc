#include "engine/commands/expiry.h"

namespace satchel::engine {

Result<std::int64_t> ParseDeadline(const Call& call, std::size_t i, TtlUnit unit) {
  SATCHEL_ASSIGN(std::int64_t value, call.Integer(i));
  const auto invalid = [&] {
    return ReplyError(InvalidExpireText(CommandTable::FullName(call.command())));
  };
  if (value <= 0) return invalid();
  if (unit.seconds && __builtin_mul_overflow(value, 1000, &value)) return invalid();
  if (!unit.absolute && __builtin_add_overflow(value, call.now_ms(), &value)) return invalid();
  return value;
}

std::optional<TtlUnit> TtlKeyword(std::string_view keyword) {
  if (EqualIgnoreCase(keyword, "EX")) return TtlUnit{.seconds = true, .absolute = false};
  if (EqualIgnoreCase(keyword, "PX")) return TtlUnit{.seconds = false, .absolute = false};
  if (EqualIgnoreCase(keyword, "EXAT")) return TtlUnit{.seconds = true, .absolute = true};
  if (EqualIgnoreCase(keyword, "PXAT")) return TtlUnit{.seconds = false, .absolute = true};
  return std::nullopt;
}

}  // namespace satchel::engine
