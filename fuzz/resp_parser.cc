// Any bytes as requests: no crash, and the same commands and error whether they arrive at
// once or byte by byte. The first byte chooses the limits.

#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "resp/parser.h"

namespace satchel::resp {
namespace {

using Commands = std::vector<std::vector<std::string>>;

// Takes what `input` holds; false once the parser has given up.
bool Take(Parser& parser, std::string_view& input, const ParserLimits& limits, Commands& found) {
  CommandBatch batch;
  while (true) {
    const std::size_t before = input.size();
    const Parser::Outcome outcome = parser.Next(input, limits, batch);
    SATCHEL_CHECK(input.size() <= before);
    if (outcome == Parser::Outcome::kError) {
      found.push_back({parser.error().detail});
      return false;
    }
    if (outcome == Parser::Outcome::kNeedMore) {
      SATCHEL_CHECK(parser.missing_bytes() > 0);
      return true;
    }
    const auto args = batch.back();
    SATCHEL_CHECK(!args.empty());
    found.emplace_back(args.begin(), args.end());
  }
}

Commands AtOnce(std::string_view bytes, const ParserLimits& limits) {
  Parser parser;
  Commands found;
  Take(parser, bytes, limits, found);
  return found;
}

Commands ByteByByte(std::string_view bytes, const ParserLimits& limits) {
  Parser parser;
  Commands found;
  std::size_t begin = 0;
  for (std::size_t end = 1; end <= bytes.size(); ++end) {
    // A copy of exact size: reading past it is seen, and so is trust in an old address.
    const std::string buffer(bytes.substr(begin, end - begin));
    std::string_view input = buffer;
    if (!Take(parser, input, limits, found)) break;
    begin = end - input.size();
  }
  return found;
}

}  // namespace
}  // namespace satchel::resp

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace satchel::resp;  // NOLINT
  if (size == 0 || size > 4096) return 0;
  const ParserLimits limits{.max_bulk_bytes = data[0] & 1 ? 64 : 1 << 20,
                            .authenticated = (data[0] & 2) == 0};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  SATCHEL_CHECK(AtOnce(bytes, limits) == ByteByByte(bytes, limits));
  return 0;
}
