#include "resp/encoder.h"

#include <functional>
#include <limits>

namespace satchel::resp {
namespace {

std::string Encoded(int protocol, const std::function<void(Reply&)>& write) {
  ByteQueue out;
  Encoder encoder(out);
  encoder.set_protocol(protocol);
  write(encoder);
  return out.ToString();
}

// One reply in both protocols.
struct Shape {
  const char* name;
  std::function<void(Reply&)> write;
  std::string resp2;
  std::string resp3;
};

TEST(Encoder, WritesEachTypeInBothProtocols) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const Shape shapes[] = {
      {"status", [](Reply& r) { r.Ok(); }, "+OK\r\n", "+OK\r\n"},
      {"error", [](Reply& r) { r.Error("ERR no"); }, "-ERR no\r\n", "-ERR no\r\n"},
      {"integer", [](Reply& r) { r.Integer(-12); }, ":-12\r\n", ":-12\r\n"},
      {"bulk", [](Reply& r) { r.Bulk("a\r\nb"); }, "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"},
      {"empty bulk", [](Reply& r) { r.Bulk(""); }, "$0\r\n\r\n", "$0\r\n\r\n"},
      {"null", [](Reply& r) { r.Null(); }, "$-1\r\n", "_\r\n"},
      {"null array", [](Reply& r) { r.NullArray(); }, "*-1\r\n", "_\r\n"},
      {"double", [](Reply& r) { r.Double(3.5); }, "$3\r\n3.5\r\n", ",3.5\r\n"},
      {"infinity", [](Reply& r) { r.Double(-kInf); }, "$4\r\n-inf\r\n", ",-inf\r\n"},
      {"true", [](Reply& r) { r.Boolean(true); }, ":1\r\n", "#t\r\n"},
      {"false", [](Reply& r) { r.Boolean(false); }, ":0\r\n", "#f\r\n"},
      {"big number", [](Reply& r) { r.BigNumber("-123"); }, "$4\r\n-123\r\n", "(-123\r\n"},
      {"verbatim", [](Reply& r) { r.Verbatim("txt", "a\nb"); }, "$3\r\na\nb\r\n",
       "=7\r\ntxt:a\nb\r\n"},
      {"array", [](Reply& r) { r.BeginArray(2); }, "*2\r\n", "*2\r\n"},
      {"map", [](Reply& r) { r.BeginMap(2); }, "*4\r\n", "%2\r\n"},
      {"set", [](Reply& r) { r.BeginSet(2); }, "*2\r\n", "~2\r\n"},
      {"push", [](Reply& r) { r.BeginPush(2); }, "*2\r\n", ">2\r\n"},
  };
  for (const Shape& shape : shapes) {
    EXPECT_EQ(Encoded(2, shape.write), shape.resp2) << shape.name;
    EXPECT_EQ(Encoded(3, shape.write), shape.resp3) << shape.name;
  }
}

TEST(Encoder, WritesIntegersOfAllLengths) {
  for (std::int64_t value :
       {std::int64_t{0}, std::int64_t{9}, std::int64_t{10}, std::int64_t{-1},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(Encoded(2, [&](Reply& r) { r.Integer(value); }),
              ":" + std::to_string(value) + "\r\n");
  }
}

TEST(Encoder, WritesBulksOfAllLengths) {
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string bytes(size, 'x');
    EXPECT_EQ(Encoded(2, [&](Reply& r) { r.Bulk(bytes); }),
              "$" + std::to_string(size) + "\r\n" + bytes + "\r\n");
  }
}

TEST(Encoder, LineEndsInsideStatusAndErrorBecomeBlanks) {
  EXPECT_EQ(Encoded(2, [](Reply& r) { r.Status("a\r\nb"); }), "+a  b\r\n");
  EXPECT_EQ(Encoded(2, [](Reply& r) { r.Error("ERR \na\n"); }), "-ERR  a \r\n");
}

TEST(Encoder, WritesLinesOfAllLengths) {
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string text(size, 'x');
    EXPECT_EQ(Encoded(2, [&](Reply& r) { r.Status(text + "\n"); }), "+" + text + " \r\n");
  }
}

TEST(Encoder, ClosingPutsHeadersWhereTheyWereOpened) {
  const auto write = [](Reply& r) {
    r.Ok();
    const std::size_t outer = r.Open(Aggregate::kMap);
    r.Bulk("k");
    const std::size_t inner = r.Open(Aggregate::kSet);
    for (int i = 0; i < 12; ++i) r.Integer(1);
    r.Close(inner, 12);
    r.Bulk("empty");
    r.Close(r.Open(Aggregate::kArray), 0);
    r.Close(outer, 2);
    r.Integer(7);
  };
  std::string ones;
  for (int i = 0; i < 12; ++i) ones += ":1\r\n";
  EXPECT_EQ(Encoded(2, write),
            "+OK\r\n*4\r\n$1\r\nk\r\n*12\r\n" + ones + "$5\r\nempty\r\n*0\r\n:7\r\n");
  EXPECT_EQ(Encoded(3, write),
            "+OK\r\n%2\r\n$1\r\nk\r\n~12\r\n" + ones + "$5\r\nempty\r\n*0\r\n:7\r\n");
}

TEST(Encoder, ClosesRepliesLargerThanABlock) {
  const std::string big(50'000, 'x');
  const std::string encoded = Encoded(2, [&](Reply& r) {
    const std::size_t mark = r.Open(Aggregate::kArray);
    for (int i = 0; i < 3; ++i) r.Bulk(big);
    r.Close(mark, 3);
  });
  const std::string bulk = "$50000\r\n" + big + "\r\n";
  EXPECT_EQ(encoded, "*3\r\n" + bulk + bulk + bulk);
}

TEST(Encoder, AnErrorResultIsSentByItsText) {
  EXPECT_EQ(Encoded(2, [](Reply& r) { r.Error(MakeError(ErrorCode::kWrongType, "WRONGTYPE x")); }),
            "-WRONGTYPE x\r\n");
}

}  // namespace
}  // namespace satchel::resp
