#include "store/config/json_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace satchel::store {
namespace {

using Kind = RawValue::Kind;

// Walks the text for the parser and counts the lines it has seen.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, int* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  int* line_;  // borrowed
};

// The parser's events, made into flat entries. A value's line is that of its key.
class Flattener {
 public:
  Flattener(const std::string& name, const int* line) : name_(name), line_(line) {}

  bool null() { return Scalar(Kind::kNull, "null"); }
  bool boolean(bool value) { return Scalar(Kind::kBool, value ? "true" : "false"); }
  bool number_integer(std::int64_t value) { return Scalar(Kind::kNumber, fmt::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return Scalar(Kind::kNumber, fmt::to_string(value)); }
  bool number_float(double, const std::string& text) { return Scalar(Kind::kNumber, text); }
  bool string(std::string& text) { return Scalar(Kind::kString, text); }
  bool binary(std::vector<std::uint8_t>&) { return false; }

  bool start_object(std::size_t) {
    if (lists_ > 0) list_.kind = Kind::kOther;
    if (depth_++ > 0) path_.push_back(key_);
    return true;
  }
  bool key(std::string& key) {
    key_ = key;
    key_line_ = *line_;
    return true;
  }
  bool end_object() {
    --depth_;
    if (!path_.empty()) path_.pop_back();
    return true;
  }
  bool start_array(std::size_t) {
    if (depth_ == 0) return Fail(1, "the file must hold one JSON object");
    if (lists_++ > 0) {
      list_.kind = Kind::kOther;
      return true;
    }
    list_ = RawValue{.kind = Kind::kList};
    list_key_ = FullKey();
    list_line_ = key_line_;
    return true;
  }
  bool end_array() {
    if (--lists_ == 0) Add(list_key_, list_line_, std::move(list_));
    return true;
  }
  bool parse_error(std::size_t, const std::string& token, const nlohmann::json::exception& error) {
    // "[...] parse error at line 3, column 5: syntax error while parsing ...; last read: ..."
    std::string_view text = error.what();
    if (const auto at = text.find(": "); at != text.npos) text.remove_prefix(at + 2);
    if (const auto end = text.find("; last read"); end != text.npos) text = text.substr(0, end);
    (void)token;
    return Fail(*line_, std::string(text));
  }

  FileContent Take() { return std::move(content_); }

 private:
  std::string FullKey() const {
    std::string key;
    for (const std::string& part : path_) key += part + ".";
    return key + key_;
  }
  bool Scalar(Kind kind, std::string text) {
    if (lists_ > 0) {
      if (kind != Kind::kString) list_.kind = Kind::kOther;
      list_.items.push_back(std::move(text));
      return true;
    }
    if (depth_ == 0) return Fail(1, "the file must hold one JSON object");
    Add(FullKey(), key_line_, RawValue{.kind = kind, .text = std::move(text)});
    return true;
  }
  void Add(std::string key, int line, RawValue value) {
    value.origin = {Origin::Source::kFile, fmt::format("{}:{}", name_, line)};
    if (!seen_.insert(key).second) {
      content_.findings.push_back({.key = std::move(key),
                                   .text = "given twice; keep one of them",
                                   .source = value.origin.ToString()});
      return;
    }
    content_.entries.push_back({std::move(key), std::move(value)});
  }
  bool Fail(int line, std::string text) {
    content_.findings.push_back(
        {.key = "", .text = std::move(text), .source = fmt::format("file {}:{}", name_, line)});
    return false;
  }

  const std::string& name_;  // borrowed
  const int* line_;          // borrowed; the line that is being read
  FileContent content_;
  std::set<std::string, std::less<>> seen_;
  std::vector<std::string> path_;
  std::string key_;
  int key_line_ = 1;
  int depth_ = 0;  // objects inside each other
  int lists_ = 0;  // lists inside each other
  RawValue list_;
  std::string list_key_;
  int list_line_ = 1;
};

}  // namespace

FileContent ParseConfigText(std::string_view text, const std::string& name) {
  int line = 1;
  Flattener flattener(name, &line);
  const CountingIterator begin(text.data(), &line);
  const CountingIterator end(text.data() + text.size(), &line);
  nlohmann::json::sax_parse(begin, end, &flattener, nlohmann::json::input_format_t::json,
                            /*strict=*/true, /*ignore_comments=*/true);
  return flattener.Take();
}

FileContent ReadConfigFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file || file.bad()) {
    FileContent content;
    content.findings.push_back({.key = "",
                                .text = fmt::format("cannot be read: {}", std::strerror(errno)),
                                .source = "file " + path});
    return content;
  }
  return ParseConfigText(text.str(), path);
}

}  // namespace satchel::store
