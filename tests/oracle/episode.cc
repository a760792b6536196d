#include "tests/oracle/episode.h"

#include "base/text.h"

namespace satchel::oracle {
namespace {

// Words that are valid somewhere and wrong nearly everywhere else. None makes a server allocate
// much.
constexpr const char* kSpoilers[] = {"\"\"",
                                     "9223372036854775807",
                                     "-9223372036854775808",
                                     "9223372036854775808",
                                     "1e400",
                                     "nan",
                                     "-inf",
                                     "0.0000001",
                                     " 1",
                                     "01",
                                     "+1",
                                     "\"a b\"",
                                     "LIMIT",
                                     "COUNT",
                                     "NX",
                                     "GET",
                                     "WITHSCORES",
                                     "\"\\xff\\x00\""};

constexpr const char* kBlocking[] = {
    "BLPOP K K 0",          "BRPOP K K 0",        "BLMOVE K K LEFT RIGHT 0", "BRPOPLPUSH K K 0",
    "BLMPOP 0 2 K K LEFT",  "BZPOPMIN K K 0",     "BZPOPMAX K K 0",          "BZMPOP 0 2 K K MIN COUNT 2",
    "BLMPOP 0 1 K RIGHT COUNT 3"};

// The words of a line that say how to send and compare it come first and have no capitals.
std::size_t CommandAt(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].empty() && words[i][0] >= 'A' && words[i][0] <= 'Z') return i;
  }
  return words.size();
}

std::string Joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

std::vector<std::string> WordsOf(const std::string& line) {
  std::vector<std::string> words;
  for (std::string_view word : Split(line, ' ')) words.emplace_back(word);
  return words;
}

class Author {
 public:
  Author(const Templates& templates, Random& random) : templates_(templates), random_(random) {}

  std::vector<std::string> Write(int length) {
    lines_ = {"@b0 save b0 CLIENT ID", "@b1 save b1 CLIENT ID"};
    while (lines_.size() < static_cast<std::size_t>(length)) WriteSome();
    for (int i = 0; i < 2; ++i) {
      if (waits_[i]) EndWait(i);
    }
    return std::move(lines_);
  }

 private:
  bool OneIn(std::uint64_t n) { return random_.Below(n) == 0; }

  void WriteSome() {
    switch (random_.Below(24)) {
      case 0:
        return Transaction();
      case 1:
        return Script();
      case 2:
      case 3:
        return Wait();
      default:
        lines_.push_back(Command());
    }
  }

  // What scans again and again, or needs words of the format, is of no use inside others.
  std::string PlainCommand() {
    while (true) {
      const std::string line = templates_.Draw(random_);
      const auto words = WordsOf(line);
      if (CommandAt(words) == 0) return OneIn(12) ? Spoilt(words) : line;
    }
  }

  std::string Command() {
    const std::string line = templates_.Draw(random_);
    return OneIn(12) ? Spoilt(WordsOf(line)) : line;
  }

  std::string Spoilt(std::vector<std::string> words) {
    const std::size_t command = CommandAt(words);
    if (command + 1 >= words.size()) return Joined(words) + " " + Spoiler();
    const std::size_t at = command + 1 + random_.Below(words.size() - command - 1);
    switch (random_.Below(4)) {
      case 0:
        words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 1:
        words.insert(words.begin() + static_cast<std::ptrdiff_t>(at), Spoiler());
        break;
      case 2:
        words.push_back(words[at]);
        break;
      default:
        words[at] = Spoiler();
    }
    return Joined(words);
  }

  std::string Spoiler() {
    if (OneIn(2)) return kSpoilers[random_.Below(std::size(kSpoilers))];
    return Templates::DrawWord("KVMSIC"[random_.Below(6)], random_);
  }

  void Transaction() {
    if (OneIn(2)) {
      lines_.push_back("@t WATCH " + Templates::DrawWord('K', random_) + " " +
                       Templates::DrawWord('K', random_));
      if (OneIn(2)) lines_.push_back(Command());
    }
    lines_.push_back("@t MULTI");
    for (std::uint64_t i = 0, count = random_.Below(5); i < count; ++i) {
      if (OneIn(6)) lines_.push_back(Command());  // somebody else, in between
      lines_.push_back("@t " + PlainCommand());
    }
    lines_.push_back(OneIn(8) ? "@t DISCARD" : "@t EXEC");
  }

  void Script() {
    const char* const function = OneIn(2) ? "call" : "pcall";
    const std::string inner = PlainCommand();
    if (inner.find('{') != std::string::npos) return;  // a range would change the count
    lines_.push_back(std::string("EVAL \"return redis.") + function + "(unpack(ARGV))\" 0 " + inner);
  }

  void Wait() {
    const int who = OneIn(2) ? 1 : 0;
    if (waits_[who]) return EndWait(who);
    std::string line = kBlocking[random_.Below(std::size(kBlocking))];
    std::vector<std::string> words = WordsOf(line);
    for (std::string& word : words) {
      if (word == "K") word = Templates::DrawWord('K', random_);
    }
    lines_.push_back("@b" + std::to_string(who) + " send " + Joined(words));
    waits_[who] = true;
  }

  void EndWait(int who) {
    const std::string name = "b" + std::to_string(who);
    lines_.push_back("CLIENT UNBLOCK $" + name + (OneIn(2) ? " ERROR" : ""));
    lines_.push_back("@" + name + " drain");
    waits_[who] = false;
  }

  const Templates& templates_;
  Random& random_;
  std::vector<std::string> lines_;
  bool waits_[2] = {false, false};
};

}  // namespace

std::vector<std::string> DrawEpisode(const Templates& templates, Random& random, int length) {
  return Author(templates, random).Write(length);
}

}  // namespace satchel::oracle
