#include "tests/oracle/script.h"

#include <fstream>
#include <regex>

#include "base/text.h"

namespace satchel::oracle {
namespace {

void ReplaceAll(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

// {x*65} is 65 times x.
std::string ExpandRepeats(const std::string& word) {
  static const std::regex kRepeat(R"(\{([^{}])\*(\d+)\})");
  std::string out;
  auto at = word.begin();
  for (std::sregex_iterator it(word.begin(), word.end(), kRepeat), end; it != end; ++it) {
    out.append(at, word.begin() + it->position());
    out.append(std::stoul((*it)[2]), (*it)[1].str()[0]);
    at = word.begin() + it->position() + it->length();
  }
  out.append(at, word.end());
  return out;
}

// f{1..3}|v{} is f1 v1 f2 v2 f3 v3: a range of numbers, `|` between arguments, {} the number again.
void ExpandInto(const std::string& word, std::vector<std::string>& args) {
  static const std::regex kRange(R"(\{(\d+)\.\.(\d+)\})");
  if (word.find('{') == std::string::npos) {
    args.push_back(word);
    return;
  }
  std::smatch match;
  if (!std::regex_search(word, match, kRange)) {
    args.push_back(ExpandRepeats(word));
    return;
  }
  const int first = std::stoi(match[1]);
  const int last = std::stoi(match[2]);
  std::string form = word;
  ReplaceAll(form, match[0].str(), "{}");
  for (int i = first; i <= last; ++i)
    for (auto part : Split(form, '|')) {
      std::string arg(part);
      ReplaceAll(arg, "{}", std::to_string(i));
      args.push_back(ExpandRepeats(arg));
    }
}

// Reads the words before the command. Returns what is wrong, or nothing.
class LineParser {
 public:
  LineParser(std::vector<std::string> words, Line& line) : words_(std::move(words)), line_(line) {}

  std::string Parse() {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_];
      if (word.size() > 1 && word[0] == '@') {
        line_.connection = word.substr(1);
      } else if (!Flag(word) && !WithArgument(word) && !ActionWord(word)) {
        break;
      }
      ++at_;
    }
    if (!error_.empty()) return error_;
    for (; at_ < words_.size(); ++at_) {
      if (line_.raw)
        line_.args.push_back(words_[at_]);
      else
        ExpandInto(words_[at_], line_.args);
    }
    return WhatIsWrong();
  }

 private:
  bool Flag(const std::string& word) {
    if (word == "unordered") return line_.comparison.unordered = true;
    if (word == "unordered-pairs") return line_.comparison.pairs = true;
    if (word == "types") return line_.comparison.types = true;
    if (word == "error-code") return line_.comparison.error_code = true;
    if (word == "ignore") return line_.ignore = true;
    if (word == "raw") return line_.raw = true;
    if (word == "resp2") return (line_.protocol = 2) != 0;
    if (word == "resp3") return (line_.protocol = 3) != 0;
    return false;
  }

  bool WithArgument(const std::string& word) {
    if (word == "near") {
      line_.comparison.near = Number();
    } else if (word == "replies") {
      line_.replies = static_cast<int>(Number());
    } else if (word == "save") {
      line_.save_as = Next();
    } else if (word == "satchel-differs") {
      line_.differs = Next();
      if (line_.differs.empty()) error_ = "satchel-differs needs a reason";
    } else if (word == "sleep") {
      line_.action = Action::kSleep;
      line_.sleep_ms = Number();
    } else {
      return false;
    }
    return true;
  }

  bool ActionWord(const std::string& word) {
    static const std::pair<std::string_view, Action> kWords[] = {
        {"all", Action::kAll},       {"drain", Action::kDrain},      {"block", Action::kBlock},
        {"send", Action::kSend},     {"read", Action::kRead},        {"quiet", Action::kQuiet},
        {"closed", Action::kClosed}, {"close", Action::kClose},      {"scan", Action::kScan},
        {"follow", Action::kFollow}, {"unfollow", Action::kUnfollow}};
    for (auto& [name, action] : kWords) {
      if (word != name) continue;
      line_.action = action;
      return true;
    }
    return false;
  }

  std::string Next() { return ++at_ < words_.size() ? words_[at_] : ""; }

  std::int64_t Number() {
    const auto number = ParseInt(Next());
    if (!number) error_ = "a number is missing";
    return number.value_or(0);
  }

  std::string WhatIsWrong() const {
    switch (line_.action) {
      case Action::kCommand:
      case Action::kAll:
      case Action::kBlock:
      case Action::kSend:
      case Action::kScan:
        return line_.args.empty() ? "no command" : "";
      default:
        return line_.args.empty() ? "" : "unknown word " + line_.args[0];
    }
  }

  std::vector<std::string> words_;
  Line& line_;
  std::size_t at_ = 0;
  std::string error_;
};

}  // namespace

Result<Line> ParseLine(std::string_view text, int number) {
  auto words = SplitArgs(text);
  if (!words) return MakeError(ErrorCode::kInvalidArgument, "unbalanced quotes");
  Line line{.number = number, .source = std::string(text)};
  if (auto wrong = LineParser(std::move(*words), line).Parse(); !wrong.empty())
    return MakeError(ErrorCode::kInvalidArgument, std::move(wrong));
  return line;
}

Result<std::vector<Line>> ReadScript(const std::string& file) {
  std::ifstream in(file);
  if (!in) return MakeError(ErrorCode::kIo, "cannot read " + file);
  std::vector<Line> lines;
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    const std::string_view trimmed = Trim(text);
    if (trimmed.empty() || trimmed[0] == '#') continue;
    auto line = ParseLine(trimmed, number);
    if (!line)
      return MakeError(ErrorCode::kInvalidArgument, file + ":" + std::to_string(number) + ": " +
                                                        line.error().detail + ": " + text);
    lines.push_back(std::move(*line));
  }
  return lines;
}

}  // namespace satchel::oracle
