#include "repos/seal.h"

#include <zstd.h>

#include <algorithm>
#include <memory>
#include <optional>

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

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Empty unless the frame holds exactly so many bytes. Memory grows with what has come out of it.
std::optional<std::string> Decompressed(std::string_view frame, std::size_t size) {
  constexpr std::size_t kFirst = 1024 * 1024;
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) return std::nullopt;
  ZSTD_inBuffer in{frame.data(), frame.size(), 0};
  std::string bytes;
  while (true) {
    const std::size_t at = bytes.size();
    bytes.resize(std::min(size, std::max(2 * at, kFirst)));
    ZSTD_outBuffer out{bytes.data(), bytes.size(), at};
    const std::size_t left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) return std::nullopt;
    if (left == 0) break;
    // Neither more room nor more of the frame: it is cut short, or longer than it says.
    if (out.pos < out.size || out.size == size) return std::nullopt;
    bytes.resize(out.pos);
  }
  if (bytes.size() != size || in.pos != in.size) return std::nullopt;
  return bytes;
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
  // The frame says its size, too.
  if (ZSTD_getFrameContentSize(parts.payload.data(), parts.payload.size()) !=
      parts.info.raw_bytes) {
    return Corrupt("sealed value", "wrong length");
  }
  auto bytes = Decompressed(parts.payload, parts.info.raw_bytes);
  if (!bytes) return Corrupt("sealed value", "does not decompress");
  value.bytes = std::move(*bytes);
  return value;
}

Result<SealInfo> InspectSealed(std::string_view sealed) {
  SATCHEL_ASSIGN(const Parts parts, Open(sealed));
  return parts.info;
}

}  // namespace satchel::repos
