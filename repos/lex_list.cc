#include "repos/lex_list.h"

#include "base/text.h"
#include "repos/keys.h"
#include "repos/scripts.h"

namespace satchel::repos {

Result<Rows<Fields>> ReadLexRows(store::Store& store, const LexRange& range,
                                 const std::string& after, std::int64_t count) {
  const std::vector<std::string> keys = {range.index};
  const std::vector<std::string> args = {range.prefix, after, FormatInt(count), range.objects,
                                         range.descending ? "1" : "0"};
  SATCHEL_ASSIGN(ReplyValue reply, RunScript(store, "lex_list", keys, args));
  if (reply.items.size() % 2 != 1) return Unexpected();
  Rows<Fields> rows;
  if (!reply.items[0].text.empty()) rows.rest = std::move(reply.items[0].text);
  for (std::size_t i = 1; i < reply.items.size(); i += 2) {
    rows.rows.emplace_back(std::move(reply.items[i].text), Fields(std::move(reply.items[i + 1])));
  }
  return rows;
}

Result<std::string> IdOfPosition(std::string_view position) {
  return Unescape(position.substr(position.rfind(' ') + 1));
}

}  // namespace satchel::repos
