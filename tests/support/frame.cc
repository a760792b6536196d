#include "tests/support/frame.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/text.h"

namespace satchel::oracle {
namespace {

constexpr std::string_view kScalarLines = "+-:,#(_";

Frame Broken(std::string text) { return Frame{.type = Frame::kBroken, .text = std::move(text)}; }

// Reads a frame at `at` and moves it. Empty when the bytes end before the frame does.
std::optional<Frame> Read(std::string_view bytes, std::size_t& at) {
  const std::size_t end = bytes.find("\r\n", at);
  if (end == std::string_view::npos) return std::nullopt;
  Frame frame{.type = bytes[at]};
  const std::string_view rest = bytes.substr(at + 1, end - at - 1);
  at = end + 2;
  if (kScalarLines.find(frame.type) != std::string_view::npos) {
    frame.text = rest;
    return frame;
  }
  const auto count = ParseInt(rest);
  if (!count) return Broken("not RESP: " + Printable(bytes.substr(0, 80)));
  if (frame.type == '$' || frame.type == '=') {
    if (*count < 0) {
      frame.null = true;
      return frame;
    }
    if (bytes.size() - at < static_cast<std::size_t>(*count) + 2) return std::nullopt;
    frame.text = bytes.substr(at, *count);
    at += *count + 2;
    return frame;
  }
  if (!frame.is_aggregate()) return Broken("not RESP: " + Printable(bytes.substr(0, 80)));
  frame.null = *count < 0;
  const std::int64_t items = frame.type == '%' ? 2 * *count : *count;
  for (std::int64_t i = 0; i < items; ++i) {
    auto item = Read(bytes, at);
    if (!item) return std::nullopt;
    frame.items.push_back(std::move(*item));
  }
  return frame;
}

bool Before(const Frame& a, const Frame& b) {
  if (a.type != b.type) return a.type < b.type;
  if (a.text != b.text) return a.text < b.text;
  return std::lexicographical_compare(a.items.begin(), a.items.end(), b.items.begin(),
                                      b.items.end(), Before);
}

bool AllScalars(const std::vector<Frame>& items) {
  return std::none_of(items.begin(), items.end(), [](auto& item) { return item.is_aggregate(); });
}

// Sorts the items of `frame` in groups of `width`, by the groups' own order.
void SortGroups(Frame& frame, std::size_t width) {
  std::vector<Frame> groups;
  for (std::size_t i = 0; i + width <= frame.items.size(); i += width) {
    Frame group{.type = '*'};
    group.items.assign(frame.items.begin() + i, frame.items.begin() + i + width);
    groups.push_back(std::move(group));
  }
  std::stable_sort(groups.begin(), groups.end(), Before);
  frame.items.clear();
  for (auto& group : groups)
    for (auto& item : group.items) frame.items.push_back(std::move(item));
}

// Takes out of the frame what the comparison leaves out.
void Reduce(Frame& frame, const Comparison& how) {
  for (auto& item : frame.items) Reduce(item, how);
  if (frame.type == '-' && (how.error_code || how.types)) {
    frame.text = frame.text.substr(0, frame.text.find(' '));
  } else if (how.types && frame.type != Frame::kBroken) {
    frame.text.clear();
  }
  if (frame.type == '%' && (how.unordered || how.pairs)) {
    SortGroups(frame, 2);
  } else if (frame.is_aggregate() && how.pairs && frame.items.size() % 2 == 0 &&
             AllScalars(frame.items)) {
    SortGroups(frame, 2);
  } else if (frame.is_aggregate() && (how.unordered || (how.pairs && !AllScalars(frame.items)))) {
    SortGroups(frame, 1);
  }
}

bool Near(const Frame& a, const Frame& b, std::int64_t distance) {
  if (a.type != b.type || a.null != b.null || a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!Near(a.items[i], b.items[i], distance)) return false;
  if (a.text == b.text) return true;
  const auto x = ParseInt(a.text);
  const auto y = ParseInt(b.text);
  return x && y && std::llabs(*x - *y) <= distance;
}

void Append(const Frame& frame, std::size_t limit, std::string& out) {
  if (out.size() > limit) return;
  switch (frame.type) {
    case Frame::kBroken:
      out += "<" + frame.text + ">";
      return;
    case '+':
      out += "+" + Printable(frame.text);
      return;
    case '-':
      out += "-" + Printable(frame.text);
      return;
    case '$':
      out += frame.null ? "(nil)" : "\"" + Printable(frame.text) + "\"";
      return;
    case '_':
      out += "(null)";
      return;
    case '*':
    case '%':
    case '~':
    case '>': {
      if (frame.null) {
        out += "(nil array)";
        return;
      }
      out += frame.type == '*' ? "[" : frame.type == '%' ? "%{" : frame.type == '~' ? "~[" : ">[";
      for (std::size_t i = 0; i < frame.items.size(); ++i) {
        if (out.size() > limit) {
          out += " ...";
          break;
        }
        if (i > 0) out += frame.type == '%' && i % 2 == 1 ? " => " : ", ";
        Append(frame.items[i], limit, out);
      }
      out += frame.type == '%' ? "}" : "]";
      return;
    }
    default:
      out += frame.type + Printable(frame.text);
  }
}

}  // namespace

std::optional<Frame> TakeFrame(std::string& bytes) {
  std::size_t at = 0;
  if (bytes.empty()) return std::nullopt;
  auto frame = Read(bytes, at);
  if (!frame) return std::nullopt;
  bytes.erase(0, frame->type == Frame::kBroken ? bytes.size() : at);
  return frame;
}

std::string Describe(const Frame& frame, std::size_t limit) {
  std::string out;
  Append(frame, limit, out);
  if (out.size() > limit + 20) out.resize(limit);
  return out;
}

bool Contains(const Frame& frame, std::string_view text) {
  if (frame.text == text) return true;
  return std::any_of(frame.items.begin(), frame.items.end(),
                     [&](const Frame& item) { return Contains(item, text); });
}

bool Same(const Frame& a, const Frame& b, const Comparison& how) {
  Frame x = a;
  Frame y = b;
  Reduce(x, how);
  Reduce(y, how);
  return how.near ? Near(x, y, *how.near) : x == y;
}

std::string FirstDifference(const Frame& a, const Frame& b) {
  if (a.type != b.type || a.items.size() != b.items.size() || a.text != b.text || a.null != b.null)
    return Describe(a, 200) + "  <>  " + Describe(b, 200);
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (a.items[i] != b.items[i])
      return "[" + FormatInt(static_cast<std::int64_t>(i)) + "] " +
             FirstDifference(a.items[i], b.items[i]);
  return "none";
}

}  // namespace satchel::oracle
