#include "tests/oracle/random_lines.h"

#include <fstream>
#include <iterator>

#include "base/random.h"
#include "base/text.h"

namespace satchel::oracle {
namespace {

constexpr const char* kValues[] = {"a",   "b",    "c",     "10",     "-3",     "0",
                                   "3.5", "\"\"", "hello", "{x*45}", "{y*70}", "\"\\x00\\xff\""};
constexpr const char* kMembers[] = {"a", "b", "c", "d", "e", "1", "2", "3", "17", "{m*70}"};
constexpr const char* kScores[] = {"0",   "1",   "2",     "-1",  "1.5",
                                   "0.1", "3e5", "-2.25", "inf", "-inf"};
constexpr const char* kIntegers[] = {"0",  "1", "2",  "3",   "-1",    "-2",
                                     "-3", "5", "10", "300", "-70000"};

template <std::size_t N>
std::string Pick(const char* const (&from)[N], Random& random) {
  return from[random.Below(N)];
}

std::string DrawValue(char what, Random& random) {
  switch (what) {
    case 'K':
      return "k" + FormatInt(static_cast<std::int64_t>(random.Below(6)));
    case 'V':
      return Pick(kValues, random);
    case 'M':
      return Pick(kMembers, random);
    case 'S':
      return Pick(kScores, random);
    case 'I':
      return Pick(kIntegers, random);
    default:
      return FormatInt(static_cast<std::int64_t>(random.Below(4)));
  }
}

// A placeholder is a capital that stands alone, as a part of an id (C-C) or behind the sign of a
// range's end or of an offset.
bool IsPlaceholder(std::string_view word, std::size_t at) {
  constexpr std::string_view kBefore = "[(#-";
  return std::string_view("KVMSIC").find(word[at]) != std::string_view::npos &&
         (at == 0 || kBefore.find(word[at - 1]) != std::string_view::npos) &&
         (at + 1 == word.size() || word[at + 1] == '-');
}

}  // namespace

Result<Templates> Templates::Read(const std::string& file) {
  std::ifstream in(file);
  Templates templates;
  for (std::string text; std::getline(in, text);)
    if (!text.empty() && text[0] != '#') templates.lines_.push_back(text);
  if (templates.lines_.empty()) return MakeError(ErrorCode::kIo, "no templates in " + file);
  return templates;
}

std::string Templates::Draw(Random& random) const {
  return Fill(lines_[random.Below(lines_.size())], random);
}

std::string Templates::Fill(const std::string& form, Random& random) {
  std::string out;
  for (const std::string_view word : Split(form, ' ')) {
    if (!out.empty()) out += ' ';
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (IsPlaceholder(word, i)) {
        out += DrawValue(word[i], random);
      } else {
        out += word[i];
      }
    }
  }
  return out;
}

std::string Templates::DrawWord(char what, Random& random) { return DrawValue(what, random); }

Result<std::vector<Line>> RandomLines(const std::string& file, std::uint64_t seed, int count) {
  SATCHEL_ASSIGN(const Templates templates, Templates::Read(file));
  Random random(seed);
  std::vector<Line> lines;
  for (int number = 1; number <= count; ++number) {
    SATCHEL_ASSIGN(Line line, ParseLine(templates.Draw(random), number));
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace satchel::oracle
