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

constexpr const char* kBlocking[] = {"BLPOP K K 0",
                                     "BRPOP K K 0",
                                     "BLMOVE K K LEFT RIGHT 0",
                                     "BRPOPLPUSH K K 0",
                                     "BLMPOP 0 2 K K LEFT",
                                     "BZPOPMIN K K 0",
                                     "BZPOPMAX K K 0",
                                     "BZMPOP 0 2 K K MIN COUNT 2",
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

  std::vector<Step> Write(int length) {
    while (steps_.size() < static_cast<std::size_t>(length)) WriteSome();
    for (int i = 0; i < 2; ++i) {
      if (waits_[i]) EndWait(i);
    }
    return std::move(steps_);
  }

 private:
  void Add(std::string line) { steps_.push_back({std::move(line)}); }
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
        Add(Command());
    }
  }

  // What scans again and again, or needs words of the format, is of no use inside others.
  std::string PlainCommand() {
    while (true) {
      const std::string line = Command();
      if (CommandAt(WordsOf(line)) == 0) return line;
    }
  }

  std::string Command() {
    const std::string line = templates_.Draw(random_);
    // What is wrong with a script is told in the words of another Lua.
    const bool script = line.find("EVAL") != std::string::npos;
    return OneIn(12) && !script ? Spoilt(WordsOf(line)) : line;
  }

  std::string Spoilt(std::vector<std::string> words) {
    const std::size_t command = CommandAt(words);
    if (command + 1 >= words.size()) return Joined(words) + " " + Spoiler();
    const std::size_t at = command + 1 + random_.Below(words.size() - command - 1);
    // These know an option of later versions: their arity is not that of 7.0.
    const bool longer = words[command] == "ZRANK" || words[command] == "ZREVRANK";
    switch (longer ? 3 : random_.Below(4)) {
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
      Add("@t WATCH " + Templates::DrawWord('K', random_) + " " +
          Templates::DrawWord('K', random_));
      if (OneIn(2)) Add(Command());
    }
    Add("@t MULTI");
    for (std::uint64_t i = 0, count = random_.Below(5); i < count; ++i) {
      if (OneIn(6)) Add(Command());  // somebody else, in between
      Add("@t " + PlainCommand());
    }
    Add(OneIn(8) ? "@t DISCARD" : "@t EXEC");
  }

  void Script() {
    const char* const function = OneIn(2) ? "call" : "pcall";
    const std::string inner = PlainCommand();
    if (inner.find('{') != std::string::npos) return;  // a range would change the count
    Add(std::string("EVAL \"return redis.") + function + "(unpack(ARGV))\" 0 " + inner);
  }

  void Wait() {
    const int who = OneIn(2) ? 1 : 0;
    if (waits_[who]) return EndWait(who);
    std::string line = kBlocking[random_.Below(std::size(kBlocking))];
    std::vector<std::string> words = WordsOf(line);
    for (std::string& word : words) {
      if (word == "K") word = Templates::DrawWord('K', random_);
    }
    const std::string name = "b" + std::to_string(who);
    steps_.push_back({"@" + name + " ignore save " + name + " CLIENT ID",
                      "@" + name + " send " + Joined(words)});
    waits_[who] = true;
  }

  void EndWait(int who) {
    const std::string name = "b" + std::to_string(who);
    // Without the step before it the second one may be needed.
    steps_.push_back({"@u CLIENT UNBLOCK $" + name + (OneIn(2) ? " ERROR" : ""),
                      "@u ignore CLIENT UNBLOCK $" + name, "@" + name + " drain"});
    waits_[who] = false;
  }

  const Templates& templates_;
  Random& random_;
  std::vector<Step> steps_;
  bool waits_[2] = {false, false};
};

}  // namespace

std::vector<Step> DrawEpisode(const Templates& templates, Random& random, int length) {
  return Author(templates, random).Write(length);
}

}  // namespace satchel::oracle
