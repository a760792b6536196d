#include "engine/rdb/packed_blobs.h"

#include <optional>

#include "base/bytes.h"
#include "base/text.h"

namespace satchel::engine {
namespace {

bool VisitInteger(std::int64_t value, const BlobVisitor& visit) {
  char text[kMaxIntText];
  return visit({text, static_cast<std::size_t>(FormatIntTo(text, value))});
}

std::int64_t SignedBytes(std::string_view at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
  }
  const unsigned shift = static_cast<unsigned>(64 - 8 * width);
  return static_cast<std::int64_t>(value << shift) >> shift;
}

unsigned At(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

// What the first bytes of an element say: where its content begins, how long it is, and
// whether it is an integer of that width or a value in `immediate`.
struct Header {
  std::size_t begin;
  std::size_t size;
  bool integer;
  std::optional<std::int64_t> immediate;
};

bool VisitElement(std::string_view bytes, const Header& header, const BlobVisitor& visit) {
  if (header.immediate) return VisitInteger(*header.immediate, visit);
  const std::string_view content = bytes.substr(header.begin, header.size);
  if (header.integer) return VisitInteger(SignedBytes(content, header.size), visit);
  return visit(content);
}

// --- Listpack ------------------------------------------------------------------------------

std::optional<Header> ListpackHeader(std::string_view e) {
  if (e.empty()) return std::nullopt;
  const unsigned first = At(e, 0);
  if (first < 0x80) return Header{1, 0, true, first};
  if (first < 0xC0) return Header{1, first & 0x3F, false, {}};
  if (first < 0xE0) {
    if (e.size() < 2) return std::nullopt;
    std::int64_t value = static_cast<std::int64_t>((first & 0x1F) << 8 | At(e, 1));
    if (value >= 1 << 12) value -= 1 << 13;
    return Header{2, 0, true, value};
  }
  if (first < 0xF0) {
    if (e.size() < 2) return std::nullopt;
    return Header{2, (first & 0x0F) << 8 | At(e, 1), false, {}};
  }
  switch (first) {
    case 0xF0:
      if (e.size() < 5) return std::nullopt;
      return Header{5, LoadLe<std::uint32_t>(e.data() + 1), false, {}};
    case 0xF1:
      return Header{1, 2, true, {}};
    case 0xF2:
      return Header{1, 3, true, {}};
    case 0xF3:
      return Header{1, 4, true, {}};
    case 0xF4:
      return Header{1, 8, true, {}};
    default:
      return std::nullopt;
  }
}

std::size_t BackLengthBytes(std::size_t size) {
  std::size_t bytes = 1;
  while (size > 127) {
    size >>= 7;
    ++bytes;
  }
  return bytes;
}

// The back length is written from its most significant seven bits on, all but the first
// byte with the top bit set.
bool BackLengthFits(std::string_view bytes, std::size_t size) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if ((i > 0) != ((At(bytes, i) & 0x80) != 0)) return false;
    value = value << 7 | (At(bytes, i) & 0x7F);
  }
  return value == size;
}

// --- Ziplist -------------------------------------------------------------------------------

std::optional<Header> ZiplistHeader(std::string_view e) {
  if (e.empty()) return std::nullopt;
  const unsigned first = At(e, 0);
  switch (first >> 6) {
    case 0:
      return Header{1, first & 0x3F, false, {}};
    case 1:
      if (e.size() < 2) return std::nullopt;
      return Header{2, (first & 0x3F) << 8 | At(e, 1), false, {}};
    case 2:
      if (e.size() < 5) return std::nullopt;
      return Header{5, LoadBe<std::uint32_t>(e.data() + 1), false, {}};
    default:
      break;
  }
  switch (first) {
    case 0xC0:
      return Header{1, 2, true, {}};
    case 0xD0:
      return Header{1, 4, true, {}};
    case 0xE0:
      return Header{1, 8, true, {}};
    case 0xF0:
      return Header{1, 3, true, {}};
    case 0xFE:
      return Header{1, 1, true, {}};
    default:
      if (first >= 0xF1 && first <= 0xFD) return Header{1, 0, true, (first & 0x0F) - 1};
      return std::nullopt;
  }
}

}  // namespace

bool VisitListpack(std::string_view blob, const BlobVisitor& visit) {
  constexpr std::size_t kHeader = 6;
  if (blob.size() < kHeader + 1 || LoadLe<std::uint32_t>(blob.data()) != blob.size()) return false;
  if (At(blob, blob.size() - 1) != 0xFF) return false;
  const std::uint16_t said = LoadLe<std::uint16_t>(blob.data() + 4);
  std::string_view rest = blob.substr(kHeader, blob.size() - kHeader - 1);
  std::size_t count = 0;
  for (; !rest.empty(); ++count) {
    const auto header = ListpackHeader(rest);
    if (!header || header->size > rest.size() - std::min(rest.size(), header->begin)) return false;
    const std::size_t size = header->begin + header->size;
    const std::size_t back = BackLengthBytes(size);
    if (back > rest.size() - size || !BackLengthFits(rest.substr(size, back), size)) return false;
    if (!VisitElement(rest, *header, visit)) return false;
    rest.remove_prefix(size + back);
  }
  return said == 0xFFFF || said == count;
}

bool VisitZiplist(std::string_view blob, const BlobVisitor& visit) {
  constexpr std::size_t kHeader = 10;
  if (blob.size() < kHeader + 1 || LoadLe<std::uint32_t>(blob.data()) != blob.size()) return false;
  if (At(blob, blob.size() - 1) != 0xFF) return false;
  const std::uint16_t said = LoadLe<std::uint16_t>(blob.data() + 8);
  std::string_view rest = blob.substr(kHeader, blob.size() - kHeader - 1);
  const std::uint32_t said_last = LoadLe<std::uint32_t>(blob.data() + 4);
  std::size_t count = 0;
  std::size_t previous = 0;
  std::size_t last = kHeader;
  for (; !rest.empty(); ++count) {
    last = blob.size() - 1 - rest.size();
    const std::size_t width = At(rest, 0) == 0xFE ? 5 : 1;
    if (At(rest, 0) == 0xFF || rest.size() < width) return false;
    const std::size_t back = width == 5 ? LoadLe<std::uint32_t>(rest.data() + 1) : At(rest, 0);
    if (back != previous) return false;
    const std::string_view element = rest.substr(width);
    const auto header = ZiplistHeader(element);
    if (!header || header->begin > element.size() ||
        header->size > element.size() - header->begin) {
      return false;
    }
    if (!VisitElement(element, *header, visit)) return false;
    previous = width + header->begin + header->size;
    rest.remove_prefix(previous);
  }
  return (said == 0xFFFF || said == count) && said_last == last;
}

bool VisitZipmap(std::string_view blob, const BlobVisitor& visit) {
  if (blob.size() < 2 || At(blob, blob.size() - 1) != 0xFF) return false;
  std::string_view rest = blob.substr(1, blob.size() - 2);
  const auto length = [&]() -> std::optional<std::size_t> {
    if (rest.empty() || At(rest, 0) == 0xFF) return std::nullopt;
    const std::size_t width = At(rest, 0) == 0xFE ? 5 : 1;
    if (rest.size() < width) return std::nullopt;
    const std::size_t size = width == 5 ? LoadLe<std::uint32_t>(rest.data() + 1) : At(rest, 0);
    rest.remove_prefix(width);
    return size;
  };
  std::size_t count = 0;
  for (; !rest.empty(); ++count) {
    const auto field_size = length();
    if (!field_size || *field_size > rest.size()) return false;
    const std::string_view field = rest.substr(0, *field_size);
    rest.remove_prefix(*field_size);
    const auto value_size = length();
    if (!value_size || rest.empty()) return false;
    const std::size_t spare = At(rest, 0);
    rest.remove_prefix(1);
    if (*value_size > rest.size() || spare > rest.size() - *value_size) return false;
    if (!visit(field) || !visit(rest.substr(0, *value_size))) return false;
    rest.remove_prefix(*value_size + spare);
  }
  return At(blob, 0) == 254 || At(blob, 0) == count;
}

bool VisitIntset(std::string_view blob, const BlobVisitor& visit) {
  if (blob.size() < 8) return false;
  const std::uint32_t width = LoadLe<std::uint32_t>(blob.data());
  const std::uint32_t count = LoadLe<std::uint32_t>(blob.data() + 4);
  if (width != 2 && width != 4 && width != 8) return false;
  if (count == 0 || blob.size() - 8 != std::uint64_t{width} * count) return false;
  std::optional<std::int64_t> previous;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::int64_t value = SignedBytes(blob.substr(8 + std::size_t{i} * width, width), width);
    if (previous && value <= *previous) return false;
    previous = value;
    if (!VisitInteger(value, visit)) return false;
  }
  return true;
}

bool LzfDecompress(std::string_view block, std::size_t size, std::string& out) {
  const std::size_t base = out.size();
  std::size_t i = 0;
  while (i < block.size()) {
    const unsigned control = At(block, i++);
    if (control < 32) {  // control + 1 literal bytes
      const std::size_t count = control + 1;
      if (count > block.size() - i || out.size() - base + count > size) return false;
      out.append(block.substr(i, count));
      i += count;
      continue;
    }
    std::size_t count = control >> 5;
    if (count == 7) {
      if (i == block.size()) return false;
      count += At(block, i++);
    }
    count += 2;
    if (i == block.size()) return false;
    const std::size_t distance = ((control & 0x1F) << 8 | At(block, i++)) + 1;
    if (distance > out.size() - base || out.size() - base + count > size) return false;
    for (; count > 0; --count) out += out[out.size() - distance];  // may overlap itself
  }
  return out.size() - base == size;
}

}  // namespace satchel::engine
