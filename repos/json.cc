#include "repos/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "repos/errors.h"

namespace satchel::repos {
namespace {

// Bytes of the UTF-8 character at the beginning of `text`; 0 when there is none.
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t size = 0;
  if (lead >= 0xC2 && lead <= 0xDF) size = 2;
  if (lead >= 0xE0 && lead <= 0xEF) size = 3;
  if (lead >= 0xF0 && lead <= 0xF4) size = 4;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool outside = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  return overlong || outside ? 0 : size;
}

void AppendUtf8(std::string& out, std::uint32_t c) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | (c >> 6));
    return put(0x80 | (c & 63));
  }
  if (c < 0x10000) {
    put(0xE0 | (c >> 12));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 63));
  }
  put(0x80 | ((c >> 6) & 63));
  put(0x80 | (c & 63));
}

void AppendEscaped(std::string& out, char c) {
  constexpr std::string_view kPlain = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  if (const std::size_t at = kPlain.find(c); at != kPlain.npos) {
    out += '\\';
    out += kLetters[at];
  } else if (static_cast<unsigned char>(c) < 0x20) {
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  } else {
    out += c;
  }
}

// Reads a value and gives its stable form; empty results mean an error, told by `why`.
class Reader {
 public:
  Reader(std::string_view text, bool stable) : text_(text), stable_(stable) {}

  bool Run(std::string& out) {
    if (!Value(out, 0)) return false;
    Blanks();
    return at_ == text_.size() || Fail("more than one value");
  }
  bool RunMembers(std::map<std::string, std::string>& members) {
    members_ = &members;
    std::string ignored;
    Blanks();
    if (Peek() != '{') return Fail("must be a JSON object");
    return Run(ignored);
  }
  bool RunText(std::string& out) {
    Blanks();
    if (Peek() != '"') return Fail("must be a JSON string");
    if (!String(out)) return false;
    Blanks();
    return at_ == text_.size() || Fail("more than one value");
  }
  std::string_view why() const { return why_; }
  const JsonShape& shape() const { return shape_; }

 private:
  bool Fail(std::string_view why) {
    if (why_.empty()) why_ = why;
    return false;
  }
  void Blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string::npos)
      ++at_;
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool Value(std::string& out, int depth) {
    Blanks();
    const char c = Peek();
    if (c == '{' || c == '[') {
      if (depth >= kMaxJsonDepth) return Fail("is nested too deeply");
      shape_.depth = std::max(shape_.depth, depth + 1);
    }
    if (c == '{') return Object(out, depth);
    if (c == '[') return Array(out, depth);
    if (c == '"') {
      std::string decoded;
      if (!String(decoded)) return false;
      out += JsonString(decoded);
      return true;
    }
    for (std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      out += word;
      return true;
    }
    return Number(out);
  }

  bool Object(std::string& out, int depth) {
    ++at_;
    std::vector<std::pair<std::string, std::string>> members;
    Blanks();
    if (Take('}')) {
      out += "{}";
      return true;
    }
    do {
      Blanks();
      auto& [key, value] = members.emplace_back();
      if (Peek() != '"') return Fail("is not JSON");
      if (!String(key)) return false;
      Blanks();
      if (!Take(':')) return Fail("is not JSON");
      Blanks();
      const std::size_t begin = at_;
      if (!Value(value, depth + 1)) return false;
      if (members_ != nullptr && depth == 0) {
        members_->insert_or_assign(key, std::string(text_.substr(begin, at_ - begin)));
      }
      Blanks();
    } while (Take(','));
    if (!Take('}')) return Fail("is not JSON");
    std::ranges::sort(members, {}, &std::pair<std::string, std::string>::first);
    const auto twice =
        std::ranges::adjacent_find(members, {}, &std::pair<std::string, std::string>::first);
    if (stable_ && twice != members.end()) return Fail("has an object with one key twice");
    char before = '{';
    for (const auto& [key, value] : members) {
      out += std::exchange(before, ',');
      out += JsonString(key) + ":" + value;
    }
    out += '}';
    return true;
  }

  bool Array(std::string& out, int depth) {
    ++at_;
    Blanks();
    if (Take(']')) {
      out += "[]";
      return true;
    }
    char before = '[';
    do {
      out += std::exchange(before, ',');
      if (!Value(out, depth + 1)) return false;
      Blanks();
    } while (Take(','));
    if (!Take(']')) return Fail("is not JSON");
    out += ']';
    return true;
  }

  bool Digits() {
    const std::size_t begin = at_;
    while (Peek() >= '0' && Peek() <= '9') ++at_;
    return at_ > begin;
  }

  bool Number(std::string& out) {
    const std::size_t begin = at_;
    Take('-');
    if (!Take('0') && !Digits()) return Fail("is not JSON");
    if (Take('.') && !Digits()) return Fail("is not JSON");
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (!Digits()) return Fail("is not JSON");
    }
    out += text_.substr(begin, at_ - begin);
    return true;
  }

  bool Hex4(std::uint32_t& unit) {
    if (text_.size() - at_ < 4) return Fail("is not JSON");
    unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = text_[at_];
      std::uint32_t digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<std::uint32_t>(c - '0');
      } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        digit = static_cast<std::uint32_t>((c | 0x20) - 'a') + 10;
      } else {
        return Fail("is not JSON");
      }
      unit = unit * 16 + digit;
    }
    return true;
  }

  bool UnicodeEscape(std::string& out) {
    std::uint32_t unit = 0;
    if (!Hex4(unit)) return false;
    if (unit >= 0xDC00 && unit <= 0xDFFF) return Fail("has half a surrogate pair");
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      std::uint32_t low = 0;
      if (!Take('\\') || !Take('u')) return Fail("has half a surrogate pair");
      if (!Hex4(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return Fail("has half a surrogate pair");
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    AppendUtf8(out, unit);
    return true;
  }

  bool String(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (Take('"')) {
        shape_.longest_string = std::max(shape_.longest_string, out.size());
        return true;
      }
      if (Take('\\')) {
        if (Take('u')) {
          if (!UnicodeEscape(out)) return false;
          continue;
        }
        const std::size_t known = std::string_view("\"\\/bfnrt").find(Peek());
        if (Peek() == '\0' || known == std::string_view::npos) return Fail("is not JSON");
        out += "\"\\/\b\f\n\r\t"[known];
        ++at_;
        continue;
      }
      if (static_cast<unsigned char>(c) < 0x20) return Fail("is not JSON");
      const std::size_t size = Utf8Length(text_.substr(at_));
      if (size == 0) return Fail("is not UTF-8");
      out += text_.substr(at_, size);
      at_ += size;
    }
    return Fail("is not JSON");
  }

  const std::string_view text_;
  const bool stable_;
  std::size_t at_ = 0;
  std::string_view why_;
  JsonShape shape_;
  std::map<std::string, std::string>* members_ = nullptr;  // of the outermost object
};

Result<std::string> Read(std::string_view field, std::string_view text, bool stable) {
  Reader reader(text, stable);
  std::string out;
  if (!reader.Run(out)) return Invalid(field, reader.why());
  return out;
}

}  // namespace

Result<void> CheckJson(std::string_view field, std::string_view text) {
  SATCHEL_TRY(Read(field, text, false));
  return {};
}

Result<void> CheckJsonObject(std::string_view field, std::string_view text) {
  SATCHEL_ASSIGN(const std::string stable, Read(field, text, false));
  if (stable[0] != '{') return Invalid(field, "must be a JSON object");
  return {};
}

Result<std::string> StableJson(std::string_view field, std::string_view text) {
  return Read(field, text, true);
}

Result<std::map<std::string, std::string>> JsonMembers(std::string_view field,
                                                       std::string_view text) {
  Reader reader(text, false);
  std::map<std::string, std::string> members;
  if (!reader.RunMembers(members)) return Invalid(field, reader.why());
  return members;
}

Result<std::string> JsonText(std::string_view field, std::string_view text) {
  Reader reader(text, false);
  std::string out;
  if (!reader.RunText(out)) return Invalid(field, reader.why());
  return out;
}

Result<JsonShape> ShapeOfJson(std::string_view field, std::string_view text) {
  Reader reader(text, false);
  std::string ignored;
  if (!reader.Run(ignored)) return Invalid(field, reader.why());
  return reader.shape();
}

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = Utf8Length(text.substr(i));
    if (size == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
    } else if (size == 1) {
      AppendEscaped(out, text[i++]);
    } else {
      out += text.substr(i, size);
      i += size;
    }
  }
  return out + '"';
}

}  // namespace satchel::repos
