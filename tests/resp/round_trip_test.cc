// Random replies through the encoder and back through the decoder.

#include "base/random.h"
#include "resp/decoder.h"
#include "resp/encoder.h"

namespace satchel::resp {
namespace {

class RandomReplies {
 public:
  explicit RandomReplies(std::uint64_t seed) : random_(seed) {}

  ReplyValue Next(int depth) {
    const int types = static_cast<int>(ReplyType::kPush) + 1;
    const int scalars = static_cast<int>(ReplyType::kArray);
    const auto type = static_cast<ReplyType>(random_.Below(depth > 0 ? types : scalars));
    ReplyValue value{.type = type};
    switch (type) {
      case ReplyType::kNull:
      case ReplyType::kNullArray:
        value.type = ReplyType::kNull;  // RESP3 has one null
        break;
      case ReplyType::kStatus:
      case ReplyType::kError:
        value.text = Bytes(' ', '~');
        break;
      case ReplyType::kInteger:
        value.integer = static_cast<std::int64_t>(random_.Next() >> random_.Below(64));
        break;
      case ReplyType::kBulk:
        value.text = Bytes('\0', '\x7f');
        break;
      case ReplyType::kDouble:
        value.number = (random_.Unit() - 0.5) * 1e6;
        break;
      case ReplyType::kBoolean:
        value.integer = static_cast<std::int64_t>(random_.Below(2));
        break;
      case ReplyType::kBigNumber:
        value.text = "1" + Bytes('0', '9');
        break;
      case ReplyType::kVerbatim:
        value.format = {'t', 'x', 't'};
        value.text = Bytes('\0', '\x7f');
        break;
      default:
        AddItems(value, depth);
    }
    return value;
  }

  std::size_t Below(std::size_t bound) { return random_.Below(bound); }

 private:
  void AddItems(ReplyValue& value, int depth) {
    std::size_t count = random_.Below(random_.Below(8) == 0 ? 100 : 5);
    if (value.type == ReplyType::kMap) count *= 2;
    for (std::size_t i = 0; i < count; ++i) value.items.push_back(Next(depth - 1));
  }

  std::string Bytes(char low, char high) {
    std::string out(random_.Below(random_.Below(50) == 0 ? 40'000 : 30), ' ');
    for (char& c : out) c = static_cast<char>(low + random_.Below(high - low + 1));
    return out;
  }

  Random random_;
};

// Writes as Send does, with headers late.
void SendLate(const ReplyValue& value, Reply& reply) {
  if (!value.is_aggregate()) return Send(value, reply);
  static constexpr Aggregate kKinds[] = {Aggregate::kArray, Aggregate::kMap, Aggregate::kSet,
                                         Aggregate::kPush};
  const auto index = static_cast<int>(value.type) - static_cast<int>(ReplyType::kArray);
  const std::size_t mark = reply.Open(kKinds[index]);
  for (const ReplyValue& item : value.items) SendLate(item, reply);
  reply.Close(mark, value.items.size() / (value.type == ReplyType::kMap ? 2 : 1));
}

TEST(RoundTrip, RandomTreesComeBackEqual) {
  const std::uint64_t seed = Random::SystemSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomReplies replies(seed);
  Decoder decoder;
  for (int i = 0; i < 300; ++i) {
    const ReplyValue sent = replies.Next(4);
    ByteQueue out;
    Encoder encoder(out);
    encoder.set_protocol(3);
    replies.Below(2) == 0 ? Send(sent, encoder) : SendLate(sent, encoder);
    const std::string bytes = out.ToString();

    std::optional<ReplyValue> received;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      ASSERT_FALSE(received);
      std::string_view piece = rest.substr(0, 1 + replies.Below(rest.size()));
      rest.remove_prefix(piece.size());
      auto reply = decoder.Next(piece);
      ASSERT_TRUE(reply) << reply.error().detail;
      ASSERT_TRUE(piece.empty());
      received = std::move(*reply);
    }
    ASSERT_TRUE(received);
    ASSERT_EQ(*received, sent);
  }
}

}  // namespace
}  // namespace satchel::resp
