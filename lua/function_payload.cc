#include "lua/function_payload.h"

#include "base/bytes.h"
#include "engine/rdb/codec.h"

namespace satchel::lua {
namespace {

constexpr std::size_t kFooter = 10;  // u16 version, u64 checksum
constexpr std::uint16_t kVersion = 10;
constexpr std::uint8_t kLibraryOpcode = 245;
constexpr std::uint8_t kOldLibraryOpcode = 246;  // of a release candidate of 7.0

Error Refusal(const char* text) {
  return MakeError(ErrorCode::kReplyError, std::string("ERR ") + text);
}

// What comes before the footer; empty when that is wrong.
std::optional<std::string_view> BodyOf(std::string_view payload) {
  if (payload.size() < kFooter) return std::nullopt;
  const std::size_t size = payload.size() - kFooter;
  const auto version = LoadLe<std::uint16_t>(payload.data() + size);
  const auto checksum = LoadLe<std::uint64_t>(payload.data() + size + 2);
  if (version > engine::kMaxRdbVersion) return std::nullopt;
  if (checksum != Crc64(0, payload.substr(0, size + 2))) return std::nullopt;
  return payload.substr(0, size);
}

}  // namespace

std::string EncodeFunctionPayload(std::span<const engine::FunctionLibrary> libraries) {
  std::string payload;
  for (const engine::FunctionLibrary& library : libraries) {
    payload += static_cast<char>(kLibraryOpcode);
    engine::AppendRdbString(payload, library.code);
  }
  AppendLe(payload, kVersion);
  AppendLe(payload, Crc64(0, payload));
  return payload;
}

Result<std::vector<std::string>> DecodeFunctionPayload(std::string_view payload) {
  const auto body = BodyOf(payload);
  if (!body) return Refusal("DUMP payload version or checksum are wrong");
  engine::RdbReader reader(*body);
  std::vector<std::string> codes;
  while (!reader.done()) {
    const std::uint8_t opcode = *reader.Byte();
    if (opcode == kOldLibraryOpcode) return Refusal("Failed loading engine name");
    if (opcode != kLibraryOpcode) return Refusal("given type is not a function");
    std::string buffer;
    auto code = reader.String(buffer);
    if (!code) return Refusal("Failed loading library payload");
    codes.emplace_back(*code);
  }
  return codes;
}

}  // namespace satchel::lua
