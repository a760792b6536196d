#include "resp/decoder.h"

#include <cmath>
#include <limits>

namespace satchel::resp {
namespace {

using testing::ElementsAre;

// What a stream of bytes comes to: its replies as text, then the error if there is one.
struct Decoded {
  std::vector<std::string> replies;
  std::string error;

  bool operator==(const Decoded&) const = default;
};

void Feed(Decoder& decoder, std::string_view piece, Decoded& decoded) {
  while (decoded.error.empty()) {
    auto reply = decoder.Next(piece);
    if (!reply) {
      EXPECT_EQ(reply.error().code, ErrorCode::kProtocol);
      decoded.error = reply.error().detail;
    } else if (!*reply) {
      EXPECT_TRUE(piece.empty());
      return;
    } else {
      decoded.replies.push_back(DebugText(**reply));
    }
  }
}

Decoded Decode(std::string_view bytes, DecoderLimits limits = {}) {
  Decoder decoder(limits);
  Decoded decoded;
  Feed(decoder, bytes, decoded);
  return decoded;
}

std::string Only(std::string_view bytes) {
  const Decoded decoded = Decode(bytes);
  EXPECT_EQ(decoded.error, "");
  return decoded.replies.size() == 1 ? decoded.replies[0] : "not one reply";
}

TEST(Decoder, ReadsEachType) {
  EXPECT_EQ(Only("+OK\r\n"), "+OK");
  EXPECT_EQ(Only("+\r\n"), "+");
  EXPECT_EQ(Only("-ERR no\r\n"), "-ERR no");
  EXPECT_EQ(Only(":-12\r\n"), ":-12");
  EXPECT_EQ(Only(":+12\r\n"), ":12");
  EXPECT_EQ(Only("$4\r\na\r\nb\r\n"), "\"a\\r\\nb\"");
  EXPECT_EQ(Only("$0\r\n\r\n"), "\"\"");
  EXPECT_EQ(Only("$-1\r\n"), "(nil)");
  EXPECT_EQ(Only("*-1\r\n"), "(nil array)");
  EXPECT_EQ(Only("_\r\n"), "(nil)");
  EXPECT_EQ(Only("#t\r\n"), "#t");
  EXPECT_EQ(Only("#f\r\n"), "#f");
  EXPECT_EQ(Only(",3.5\r\n"), ",3.5");
  EXPECT_EQ(Only(",-inf\r\n"), ",-inf");
  EXPECT_EQ(Only(",nan\r\n"), ",nan");
  EXPECT_EQ(Only("(-12345678901234567890123\r\n"), "(-12345678901234567890123");
  EXPECT_EQ(Only("!5\r\nERR x\r\n"), "-ERR x");
  EXPECT_EQ(Only("=7\r\ntxt:a\nb\r\n"), "=txt:a\\nb");
  EXPECT_EQ(Only("*2\r\n:1\r\n$1\r\na\r\n"), "[:1, \"a\"]");
  EXPECT_EQ(Only("%1\r\n+k\r\n:1\r\n"), "%[+k, :1]");
  EXPECT_EQ(Only("~1\r\n:1\r\n"), "~[:1]");
  EXPECT_EQ(Only(">2\r\n+message\r\n*0\r\n"), ">[+message, []]");
}

TEST(Decoder, DropsAttributesWhereverTheyStand) {
  EXPECT_EQ(Only("|1\r\n+ttl\r\n:3\r\n*2\r\n|1\r\n+a\r\n*1\r\n:9\r\n:1\r\n|0\r\n:2\r\n"),
            "[:1, :2]");
}

constexpr std::string_view kStream =
    "+OK\r\n*3\r\n$11\r\nhello\r\nworl\r\n*2\r\n:1\r\n_\r\n%1\r\n,1.5\r\n=6\r\nmkd:hi\r\n"
    "|1\r\n+a\r\n+b\r\n>1\r\n#t\r\n!3\r\nERR\r\n-x y\r\n(99\r\n~0\r\n:x\r\n";

TEST(Decoder, ReadsTheSameWhereverTheBytesAreCut) {
  const Decoded whole = Decode(kStream);
  EXPECT_EQ(whole.replies.size(), 7u);
  EXPECT_EQ(whole.error, "reply has a malformed integer");
  for (std::size_t first = 0; first <= kStream.size(); ++first) {
    for (std::size_t second = first; second <= kStream.size(); ++second) {
      Decoder decoder;
      Decoded decoded;
      Feed(decoder, kStream.substr(0, first), decoded);
      Feed(decoder, kStream.substr(first, second - first), decoded);
      Feed(decoder, kStream.substr(second), decoded);
      ASSERT_EQ(decoded, whole) << "cut at " << first << " and " << second;
    }
  }
}

TEST(Decoder, RefusesWhatIsNotResp) {
  const std::pair<const char*, const char*> cases[] = {
      {"x\r\n", "reply begins with an unknown type byte"},
      {"\r\n", "reply begins with an unknown type byte"},
      {"+OK\n", "reply line does not end with CR LF"},
      {"+a\rb\r\n", "reply line does not end with CR LF"},
      {":\r\n", "reply has a malformed integer"},
      {":1.5\r\n", "reply has a malformed integer"},
      {":9223372036854775808\r\n", "reply has a malformed integer"},
      {",1.5x\r\n", "reply has a malformed double"},
      {"#y\r\n", "reply has a malformed boolean"},
      {"_x\r\n", "reply has a malformed null"},
      {"(12a\r\n", "reply has a malformed big number"},
      {"(-\r\n", "reply has a malformed big number"},
      {"$-2\r\n", "reply has a malformed length"},
      {"$01\r\n", "reply has a malformed length"},
      {"!-1\r\n", "reply has a malformed length"},
      {"*x\r\n", "reply has a malformed length"},
      {"%-1\r\n", "reply has a malformed length"},
      {"$?\r\n", "streamed replies are not supported"},
      {"*?\r\n", "streamed replies are not supported"},
      {"$2\r\nabcd", "reply bulk does not end with CR LF"},
      {"=3\r\ntxt\r\n", "reply has a verbatim string without a format"},
      {"=5\r\nplain\r\n", "reply has a verbatim string without a format"},
  };
  for (const auto& [bytes, error] : cases) EXPECT_EQ(Decode(bytes).error, error) << bytes;
}

TEST(Decoder, TakesEachLimitAndRefusesOneMore) {
  EXPECT_EQ(Decode("*1\r\n*1\r\n:1\r\n", {.max_depth = 2}).error, "");
  EXPECT_EQ(Decode("*1\r\n*1\r\n*1\r\n", {.max_depth = 2}).error, "reply is nested too deeply");
  EXPECT_EQ(Decode("$3\r\nabc\r\n", {.max_bulk_bytes = 3}).error, "");
  EXPECT_EQ(Decode("$4\r\n", {.max_bulk_bytes = 3}).error, "reply bulk is over the size limit");
  EXPECT_EQ(Decode("+abc\r\n", {.max_line_bytes = 4}).error, "");
  EXPECT_EQ(Decode("+abcd\r\n", {.max_line_bytes = 4}).error, "reply line is too long");
  EXPECT_EQ(Decode("*1\r\n%1\r\n:1\r\n:2\r\n", {.max_elements = 3}).error, "");
  EXPECT_EQ(Decode("*2\r\n%1\r\n", {.max_elements = 3}).error, "reply has too many elements");
  EXPECT_EQ(Decode("*9223372036854775807\r\n").error, "reply has too many elements");
}

TEST(Decoder, LimitsCountEachReplyAnew) {
  EXPECT_EQ(Decode("*2\r\n:1\r\n:2\r\n*2\r\n:1\r\n:2\r\n", {.max_elements = 2}).replies.size(), 2u);
}

TEST(Decoder, KnowsWhetherAReplyHasBegun) {
  Decoder decoder;
  Decoded decoded;
  EXPECT_FALSE(decoder.in_reply());
  for (std::string_view piece : {"*", "1\r\n", "$3\r", "\nab", "c\r"}) {
    Feed(decoder, piece, decoded);
    EXPECT_TRUE(decoder.in_reply()) << piece;
  }
  Feed(decoder, "\n", decoded);
  EXPECT_FALSE(decoder.in_reply());
  EXPECT_THAT(decoded.replies, ElementsAre("[\"abc\"]"));
}

TEST(Decoder, HugeAnnouncementsReserveLittle) {
  Decoder decoder;
  std::string_view bulk = "$536870912\r\n";
  ASSERT_TRUE(decoder.Next(bulk).has_value());
  Decoder other;
  std::string_view array = "*268435456\r\n";
  ASSERT_TRUE(other.Next(array).has_value());
}

}  // namespace
}  // namespace satchel::resp
