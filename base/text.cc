#include "base/text.h"

#include <locale.h>
#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "base/bytes.h"

namespace satchel {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

locale_t CLocale() {
  static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
  return locale;
}

// Runs `parse` (strtod or strtold) over a terminated copy of the text.
template <class T, class Parse>
std::optional<T> ParseFloating(std::string_view text, Parse parse) {
  constexpr std::size_t kMaxText = 5 * 1024;  // FormatLongDouble's longest
  if (text.empty() || text.size() >= kMaxText || IsBlank(text[0])) return std::nullopt;
  char buffer[kMaxText];
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = 0;
  char* end = nullptr;
  errno = 0;
  const T value = parse(buffer, &end);
  if (static_cast<std::size_t>(end - buffer) != text.size() || std::isnan(value)) {
    return std::nullopt;
  }
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::int64_t> ParseInt(std::string_view text) {
  if (text.empty() || text.size() > kMaxIntText) return std::nullopt;
  const bool negative = text[0] == '-';
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return std::nullopt;
  if (digits[0] == '0') {
    if (digits.size() == 1 && !negative) return 0;
    return std::nullopt;
  }
  std::uint64_t value = 0;
  if (digits.size() > 19) return std::nullopt;
  for (char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;
  if (negative) {
    if (value > kLimit) return std::nullopt;
    return static_cast<std::int64_t>(~value + 1);
  }
  if (value >= kLimit) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<std::uint64_t> ParseUint(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ParseDouble(std::string_view text) {
  return ParseFloating<double>(
      text, [](const char* s, char** end) { return strtod_l(s, end, CLocale()); });
}

std::optional<double> ParseWeight(std::string_view text) {
  if (const auto integer = ParseInt(text)) return static_cast<double>(*integer);
  const std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  const double value = strtod_l(terminated.c_str(), &end, CLocale());
  if (*end != '\0' || errno == ERANGE || std::isnan(value)) return std::nullopt;
  return value;
}

std::optional<double> ParseBound(std::string_view text) {
  const std::string terminated(text);
  char* end = nullptr;
  const double value = strtod_l(terminated.c_str(), &end, CLocale());
  if (*end != '\0' || std::isnan(value)) return std::nullopt;
  return value;
}

std::optional<long double> ParseLongDouble(std::string_view text) {
  return ParseFloating<long double>(
      text, [](const char* s, char** end) { return strtold_l(s, end, CLocale()); });
}

int FormatIntTo(char* out, std::int64_t value) {
  return static_cast<int>(std::to_chars(out, out + kMaxIntText, value).ptr - out);
}

std::string FormatInt(std::int64_t value) {
  char buffer[kMaxIntText];
  return std::string(buffer, static_cast<std::size_t>(FormatIntTo(buffer, value)));
}

std::string FormatDouble(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  // Doubles that hold an integer exactly print as one.
  constexpr double kExact = 4503599627370496.0;  // 2^52
  if (value > -kExact && value < kExact && value == std::trunc(value)) {
    return FormatInt(static_cast<std::int64_t>(value));
  }
  char buffer[40];
  auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 17);
  return std::string(buffer, end);
}

std::string FormatLongDouble(long double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string text(5120, '\0');
  auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 17);
  text.resize(static_cast<std::size_t>(end - text.data()));
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

std::string ToLower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), Lower);
  return out;
}

std::string ToUpper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), Upper);
  return out;
}

bool EqualIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Lower(x) == Lower(y); });
}

namespace {

// `skip` tells the callers above that no longer text can match, so that a pattern of many
// stars stays polynomial. The recursion is bounded by kMaxGlobDepth.
constexpr int kMaxGlobDepth = 1000;

bool Glob(std::string_view p, std::string_view s, bool fold, bool& skip, int depth) {
  if (depth > kMaxGlobDepth) return false;
  std::size_t pi = 0;
  std::size_t si = 0;
  while (pi < p.size() && si < s.size()) {
    switch (p[pi]) {
      case '*': {
        while (pi + 1 < p.size() && p[pi + 1] == '*') ++pi;
        if (pi + 1 == p.size()) return true;
        while (si < s.size()) {
          if (Glob(p.substr(pi + 1), s.substr(si), fold, skip, depth + 1)) return true;
          if (skip) return false;
          ++si;
        }
        // The rest of the text was tried at every place; a star further left cannot do better.
        skip = true;
        return false;
      }
      case '?':
        ++si;
        break;
      case '[': {
        ++pi;
        const bool inverted = pi < p.size() && p[pi] == '^';
        if (inverted) ++pi;
        bool match = false;
        while (true) {
          if (pi + 1 < p.size() && p[pi] == '\\') {
            ++pi;
            if (p[pi] == s[si]) match = true;
          } else if (pi < p.size() && p[pi] == ']') {
            break;
          } else if (pi >= p.size()) {
            --pi;
            break;
          } else if (pi + 2 < p.size() && p[pi + 1] == '-') {
            char low = p[pi];
            char high = p[pi + 2];
            char c = s[si];
            if (low > high) std::swap(low, high);
            if (fold) {
              low = Lower(low);
              high = Lower(high);
              c = Lower(c);
            }
            pi += 2;
            if (c >= low && c <= high) match = true;
          } else if (fold ? Lower(p[pi]) == Lower(s[si]) : p[pi] == s[si]) {
            match = true;
          }
          ++pi;
        }
        if (match == inverted) return false;
        ++si;
        break;
      }
      case '\\':
        if (pi + 1 < p.size()) ++pi;
        [[fallthrough]];
      default:
        if (fold ? Lower(p[pi]) != Lower(s[si]) : p[pi] != s[si]) return false;
        ++si;
        break;
    }
    ++pi;
    if (si == s.size()) {
      while (pi < p.size() && p[pi] == '*') ++pi;
      break;
    }
  }
  return pi >= p.size() && si == s.size();
}

}  // namespace

bool GlobMatch(std::string_view pattern, std::string_view text, bool ignore_case) {
  if (text.empty()) return pattern.empty();  // as Redis has it, not even "*" matches nothing
  bool skip = false;
  return Glob(pattern, text, ignore_case, skip, 0);
}

std::string_view NearestWord(std::string_view word, const std::vector<std::string_view>& known,
                             int max_distance) {
  std::string_view best;
  int best_distance = max_distance + 1;
  for (std::string_view candidate : known) {
    std::vector<int> row(candidate.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = static_cast<int>(j);
    for (std::size_t i = 0; i < word.size(); ++i) {
      int diagonal = row[0];
      row[0] = static_cast<int>(i + 1);
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        const int above = row[j + 1];
        const int change = diagonal + (Lower(word[i]) == Lower(candidate[j]) ? 0 : 1);
        row[j + 1] = std::min({change, above + 1, row[j] + 1});
        diagonal = above;
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

std::string Printable(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        if (c >= 0x20 && c < 0x7f) {
          out += static_cast<char>(c);
        } else {
          out += "\\x" + ToHex(std::string_view(reinterpret_cast<const char*>(&c), 1));
        }
    }
  }
  return out;
}

std::optional<std::vector<std::string>> SplitArgs(std::string_view line) {
  std::vector<std::string> args;
  std::size_t i = 0;
  while (true) {
    while (i < line.size() && IsBlank(line[i])) ++i;
    if (i == line.size()) return args;
    std::string arg;
    char quote = 0;
    for (;; ++i) {
      if (i == line.size()) {
        if (quote) return std::nullopt;
        break;
      }
      const char c = line[i];
      if (quote) {
        if (c == quote) {  // a closing quote must end the argument
          ++i;
          if (i < line.size() && !IsBlank(line[i])) return std::nullopt;
          break;
        }
        if (c == '\\' && i + 1 < line.size()) {
          if (quote == '\'') {
            if (line[i + 1] == '\'') ++i;
            arg += line[i];
            continue;
          }
          if (line[i + 1] == 'x' && i + 3 < line.size()) {
            if (auto byte = FromHex(line.substr(i + 2, 2))) {
              arg += *byte;
              i += 3;
              continue;
            }
          }
          ++i;
          switch (line[i]) {
            case 'n':
              arg += '\n';
              break;
            case 'r':
              arg += '\r';
              break;
            case 't':
              arg += '\t';
              break;
            case 'b':
              arg += '\b';
              break;
            case 'a':
              arg += '\a';
              break;
            default:
              arg += line[i];
          }
          continue;
        }
        arg += c;
      } else if (IsBlank(c)) {
        break;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else {
        arg += c;
      }
    }
    args.push_back(std::move(arg));
  }
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace satchel
