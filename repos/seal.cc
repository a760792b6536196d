#include "repos/seal.h"

#include <zstd.h>

#include "base/bytes.h"
#include "repos/errors.h"

namespace satchel::repos {
namespace {

constexpr char kFormat = 1;
constexpr char kRaw = 0;
constexpr char kZstd = 1;
constexpr std::size_t kHead = 8;

struct Parts {
  SealInfo info;
  std::string_view type;
  std::string_view payload;
};

Result<Parts> Open(std::string_view sealed) {
  if (sealed.size() < kHead || sealed[0] != kFormat) return Corrupt("sealed value", "no head");
  if (sealed[1] != kRaw && sealed[1] != kZstd) return Corrupt("sealed value", "unknown codec");
  Parts parts;
  parts.info = {.raw_bytes = LoadLe<std::uint32_t>(sealed.data() + 2),
                .is_compressed = sealed[1] == kZstd};
  const std::size_t type_size = LoadLe<std::uint16_t>(sealed.data() + 6);
  if (sealed.size() < kHead + type_size) return Corrupt("sealed value", "wrong length");
  parts.type = sealed.substr(kHead, type_size);
  parts.payload = sealed.substr(kHead + type_size);
  if (!parts.info.is_compressed && parts.payload.size() != parts.info.raw_bytes) {
    return Corrupt("sealed value", "wrong length");
  }
  return parts;
}

// Empty when that does not make it smaller.
std::string Compressed(std::string_view bytes, int level) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), level);
  if (ZSTD_isError(size) != 0 || size >= bytes.size()) return {};
  out.resize(size);
  return out;
}

}  // namespace

Result<std::string> Seal(const TypedValue& value, const SealOptions& options) {
  if (value.bytes.size() > UINT32_MAX) {
    return OverLimit(ErrorCode::kTooLarge, "value", UINT32_MAX, value.bytes.size());
  }
  if (value.type.size() > UINT16_MAX) return Invalid("type", "longer than 65535 bytes");
  std::string payload;
  if (options.compress && value.bytes.size() >= options.threshold_bytes) {
    payload = Compressed(value.bytes, options.level);
  }
  std::string sealed;
  sealed += kFormat;
  sealed += payload.empty() ? kRaw : kZstd;
  AppendLe(sealed, static_cast<std::uint32_t>(value.bytes.size()));
  AppendLe(sealed, static_cast<std::uint16_t>(value.type.size()));
  sealed += value.type;
  sealed += payload.empty() ? value.bytes : payload;
  return sealed;
}

Result<TypedValue> Unseal(std::string_view sealed) {
  SATCHEL_ASSIGN(const Parts parts, Open(sealed));
  TypedValue value{.type = std::string(parts.type), .bytes = {}};
  if (!parts.info.is_compressed) {
    value.bytes = parts.payload;
    return value;
  }
  // The frame says its size, too: nothing is allocated by a number that only the head claims.
  if (ZSTD_getFrameContentSize(parts.payload.data(), parts.payload.size()) !=
      parts.info.raw_bytes) {
    return Corrupt("sealed value", "wrong length");
  }
  // zstd makes at most about 2^17 bytes of 3; a frame cannot honestly claim more.
  if (parts.info.raw_bytes / (128 * 1024) > parts.payload.size()) {
    return Corrupt("sealed value", "wrong length");
  }
  value.bytes.resize(parts.info.raw_bytes);
  const std::size_t size = ZSTD_decompress(value.bytes.data(), value.bytes.size(),
                                           parts.payload.data(), parts.payload.size());
  if (ZSTD_isError(size) != 0 || size != value.bytes.size()) {
    return Corrupt("sealed value", "does not decompress");
  }
  return value;
}

Result<SealInfo> InspectSealed(std::string_view sealed) {
  SATCHEL_ASSIGN(const Parts parts, Open(sealed));
  return parts.info;
}

}  // namespace satchel::repos
