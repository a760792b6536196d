#include "base/reply_value.h"

namespace satchel {
namespace {

TEST(ValueSink, NestedAggregatesBecomeATree) {
  ValueSink sink(true);
  sink.BeginArray(2);
  sink.BeginMap(1);
  sink.Bulk("k");
  sink.Double(1.5);
  EXPECT_FALSE(sink.complete());
  sink.Null();
  ASSERT_TRUE(sink.complete());
  EXPECT_EQ(DebugText(sink.Take()), "[%[\"k\", ,1.5], (nil)]");
}

TEST(ValueSink, InResp2MapsAreFlatAndDoublesAreText) {
  ValueSink sink;
  sink.BeginMap(1);
  sink.Bulk("k");
  sink.Double(1.5);
  EXPECT_EQ(DebugText(sink.Take()), "[\"k\", \"1.5\"]");
}

TEST(ValueSink, AnOpenAggregateEndsWhenItIsClosed) {
  ValueSink sink;
  const auto mark = sink.Open(Aggregate::kArray);
  sink.Integer(1);
  sink.BeginArray(1);
  sink.Integer(2);
  sink.Close(mark, 2);
  EXPECT_EQ(DebugText(sink.Take()), "[:1, [:2]]");
}

TEST(ValueSink, ASentValueComesBackEqual) {
  const ReplyValue value = ReplyValue::Array({ReplyValue::Integer(1), ReplyValue::Bulk("a"),
                                              ReplyValue::Array({}), ReplyValue::Error("ERR x")});
  ValueSink sink(true);
  Send(value, sink);
  EXPECT_EQ(sink.Take(), value);
}

}  // namespace
}  // namespace satchel
