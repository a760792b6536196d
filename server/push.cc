#include "server/push.h"

#include "base/byte_queue.h"
#include "resp/encoder.h"

namespace satchel::server {
namespace {

using engine::PushMessage;

std::string_view NameOf(PushMessage::Kind kind) {
  switch (kind) {
    case PushMessage::Kind::kPatternMessage:
      return "pmessage";
    case PushMessage::Kind::kShardMessage:
      return "smessage";
    default:
      return "message";
  }
}

std::string Encode(const PushMessage& message, int protocol) {
  ByteQueue out;
  resp::Encoder encoder(out);
  encoder.set_protocol(protocol);
  const bool by_pattern = message.kind == PushMessage::Kind::kPatternMessage;
  encoder.BeginPush(by_pattern ? 4 : 3);
  encoder.Bulk(NameOf(message.kind));
  if (by_pattern) encoder.Bulk(message.pattern);
  encoder.Bulk(message.channel);
  encoder.Bulk(message.payload);
  return out.ToString();
}

}  // namespace

const std::shared_ptr<const std::string>& EncodePush(const PushMessage& message, int protocol) {
  auto& encoded = message.encoded[static_cast<std::size_t>(protocol - 2)];
  if (encoded == nullptr) {
    encoded = std::make_shared<const std::string>(Encode(message, protocol));
  }
  return encoded;
}

}  // namespace satchel::server
