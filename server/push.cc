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

// Protocol 2 has no pushes: it comes as a message of a channel.
void EncodeInvalidation(const PushMessage& message, int protocol, resp::Encoder& encoder) {
  if (protocol == 2) {
    encoder.BeginArray(3);
    encoder.Bulk("message");
    encoder.Bulk(message.channel);
  } else {
    encoder.BeginPush(2);
    encoder.Bulk("invalidate");
  }
  if (message.keys.empty()) {
    encoder.set_protocol(message.flushed_protocol);
    return encoder.Null();
  }
  encoder.BeginArray(message.keys.size());
  for (const std::string& key : message.keys) encoder.Bulk(key);
}

std::string Encode(const PushMessage& message, int protocol) {
  ByteQueue out;
  resp::Encoder encoder(out);
  encoder.set_protocol(protocol);
  switch (message.kind) {
    case PushMessage::Kind::kMonitorLine:
      encoder.Status(message.payload);
      return out.ToString();
    case PushMessage::Kind::kInvalidation:
      EncodeInvalidation(message, protocol, encoder);
      return out.ToString();
    case PushMessage::Kind::kBrokenRedirect:
      encoder.BeginPush(2);
      encoder.Bulk("tracking-redir-broken");
      encoder.Integer(static_cast<std::int64_t>(message.id));
      return out.ToString();
    default:
      break;
  }
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
