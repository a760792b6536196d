// Any bytes as replies: no crash, the same replies and error whether they arrive at once or
// byte by byte, and what was decoded survives the encoder.

#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "resp/decoder.h"
#include "resp/encoder.h"

namespace satchel::resp {
namespace {

constexpr DecoderLimits kLimits{.max_depth = 16, .max_bulk_bytes = 512, .max_line_bytes = 256};

// Texts, as NaN is not equal to itself. False once the decoder has given up.
bool Take(Decoder& decoder, std::string_view input, std::vector<std::string>& found) {
  while (true) {
    auto reply = decoder.Next(input);
    if (!reply) {
      found.push_back(reply.error().detail);
      return false;
    }
    if (!*reply) {
      SATCHEL_CHECK(input.empty());
      return true;
    }
    found.push_back(DebugText(**reply));
  }
}

std::vector<std::string> AtOnce(std::string_view bytes) {
  Decoder decoder(kLimits);
  std::vector<std::string> found;
  Take(decoder, bytes, found);
  return found;
}

std::vector<std::string> ByteByByte(std::string_view bytes) {
  Decoder decoder(kLimits);
  std::vector<std::string> found;
  for (const char& byte : bytes) {
    if (!Take(decoder, {&byte, 1}, found)) break;
  }
  return found;
}

// Encodes each reply in both protocols and reads it back.
void CheckEncoder(std::string_view bytes) {
  Decoder decoder(kLimits);
  while (true) {
    const auto reply = decoder.Next(bytes);
    if (!reply || !*reply) return;
    for (int protocol : {2, 3}) {
      ByteQueue out;
      Encoder encoder(out);
      encoder.set_protocol(protocol);
      Send(**reply, encoder);
      const std::string encoded = out.ToString();
      std::string_view input = encoded;
      Decoder again;
      const auto decoded = again.Next(input);
      SATCHEL_CHECK(decoded && *decoded && input.empty());
    }
  }
}

}  // namespace
}  // namespace satchel::resp

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace satchel::resp;  // NOLINT
  if (size > 4096) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  SATCHEL_CHECK(AtOnce(bytes) == ByteByByte(bytes));
  CheckEncoder(bytes);
  return 0;
}
