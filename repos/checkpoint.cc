#include "repos/checkpoint.h"

#include "base/bytes.h"
#include "base/text.h"
#include "repos/errors.h"

namespace satchel::repos {
namespace {

void AppendPart(std::string& out, std::string_view part) {
  AppendLe(out, static_cast<std::uint32_t>(part.size()));
  out += part;
}

// Empty when there is no whole part left.
std::optional<std::string_view> TakePart(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  const std::size_t size = LoadLe<std::uint32_t>(bytes.data());
  if (bytes.size() - 4 < size) return std::nullopt;
  const std::string_view part = bytes.substr(4, size);
  bytes.remove_prefix(4 + size);
  return part;
}

}  // namespace

std::optional<std::int64_t> SpecialIndex(std::string_view channel) {
  if (channel == "__error__") return -1;
  if (channel == "__scheduled__") return -2;
  if (channel == "__interrupt__") return -3;
  if (channel == "__resume__") return -4;
  return std::nullopt;
}

std::string PackBody(const Checkpoint& checkpoint) {
  std::string out;
  AppendPart(out, FormatInt(checkpoint.v));
  AppendPart(out, checkpoint.versions_seen);
  AppendPart(out, checkpoint.pending_sends);
  for (const auto& [channel, version] : checkpoint.channel_versions) {
    AppendPart(out, channel);
    AppendPart(out, version);
  }
  return out;
}

Result<void> UnpackBody(std::string_view bytes, Checkpoint& checkpoint) {
  const auto v = TakePart(bytes);
  const auto seen = TakePart(bytes);
  const auto sends = TakePart(bytes);
  if (!v || !seen || !sends || !ParseInt(*v)) return Corrupt("checkpoint", "body");
  checkpoint.v = *ParseInt(*v);
  checkpoint.versions_seen = *seen;
  checkpoint.pending_sends = *sends;
  while (!bytes.empty()) {
    const auto channel = TakePart(bytes);
    const auto version = TakePart(bytes);
    if (!channel || !version) return Corrupt("checkpoint", "body");
    checkpoint.channel_versions.emplace(*channel, *version);
  }
  return {};
}

TypedValue PackWrite(const PendingWrite& write) {
  TypedValue packed{.type = write.value.type, .bytes = {}};
  AppendPart(packed.bytes, write.task_path);
  AppendPart(packed.bytes, write.channel);
  packed.bytes += write.value.bytes;
  return packed;
}

Result<void> UnpackWrite(TypedValue packed, PendingWrite& write) {
  std::string_view bytes = packed.bytes;
  const auto path = TakePart(bytes);
  const auto channel = TakePart(bytes);
  if (!path || !channel) return Corrupt("checkpoint", "write");
  write.task_path = *path;
  write.channel = *channel;
  write.value = {.type = std::move(packed.type), .bytes = std::string(bytes)};
  return {};
}

}  // namespace satchel::repos
