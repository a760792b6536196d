#include "lua/rewriter.h"

#include "lua/arguments.h"
#include "lua/parser.h"

namespace satchel::lua {
namespace {

// Binds the helpers that the script uses to locals, on its first line.
std::string Prologue(const Parser& parser) {
  std::string names;
  std::string values;
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    if (!parser.uses(static_cast<Helper>(letter))) continue;
    const std::string separator = names.empty() ? "" : ",";
    names += separator + std::string(kReservedPrefix) + letter;
    values += separator + std::string(kReservedPrefix) + "H." + letter;
  }
  if (names.empty()) return "return function(...) ";
  if (parser.uses(Helper::kInterrupt)) {
    names += "," + std::string(kReservedPrefix) + "k";
    values += ",0";
  }
  const std::string table = std::string(kReservedPrefix) + "H";
  return "local " + table + "=... local " + names + "=" + values + " return function(...) ";
}

}  // namespace

Result<std::string> Rewrite(std::string_view source, const RewriteOptions& options) {
  try {
    Parser parser(source, options.chunk_name, options.levels);
    parser.ParseChunk();
    return Prologue(parser) + parser.Text() + "\nend";
  } catch (const SyntaxError& error) {
    return MakeError(ErrorCode::kInvalidArgument, error.text);
  }
}

}  // namespace satchel::lua
