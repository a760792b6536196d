#include "engine/commands/scan.h"

namespace satchel::engine {

Result<std::uint64_t> ParseCursor(const Call& call, std::size_t i) {
  std::string_view text = call.arg(i);
  const bool negative = !text.empty() && text[0] == '-';  // wraps, as strtoul does
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  const auto value = text.empty() ? 0 : ParseUint(text);
  if (!value) return ReplyError("ERR invalid cursor");
  return negative ? ~*value + 1 : *value;
}

Result<ScanOptions> ParseScanOptions(const Call& call, std::size_t first, Scanned what) {
  ScanOptions options;
  for (std::size_t i = first; i < call.argc(); i += 2) {
    if (call.Is(i, "NOVALUES")) {
      if (what != Scanned::kHash) {
        return ReplyError("ERR NOVALUES option can only be used in HSCAN");
      }
      options.no_values = true;
      --i;  // it has no argument
      continue;
    }
    if (i + 1 == call.argc()) return ReplyError(kSyntaxError);
    if (call.Is(i, "COUNT")) {
      SATCHEL_ASSIGN(options.count, call.Integer(i + 1));
      if (options.count < 1) return ReplyError(kSyntaxError);
    } else if (call.Is(i, "MATCH")) {
      options.pattern = call.arg(i + 1);
    } else if (what == Scanned::kKeys && call.Is(i, "TYPE")) {
      options.type = call.arg(i + 1);
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  return options;
}

void ReplyScan(Reply& reply, std::uint64_t cursor, std::span<const std::string> items) {
  reply.BeginArray(2);
  reply.Bulk(FormatInt(static_cast<std::int64_t>(cursor)));
  reply.BeginArray(items.size());
  for (const std::string& item : items) reply.Bulk(item);
}

}  // namespace satchel::engine
