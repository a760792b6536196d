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
                                     "BLMPOP 0 1 K RIGHT COUNT 3",
                                     "BZPOPMIN K K 0",
                                     "BZPOPMAX K K 0",
                                     "BZMPOP 0 2 K K MIN COUNT 2",
                                     "XREAD BLOCK 0 STREAMS K s0 $ $",
                                     "XREAD COUNT C BLOCK 0 STREAMS s0 s1 C-C $",
                                     "XREADGROUP GROUP g0 M BLOCK 0 STREAMS s0 >",
                                     "XREADGROUP GROUP g1 M BLOCK 0 NOACK STREAMS s0 s1 > >",
                                     "XREADGROUP GROUP g0 M COUNT 1 BLOCK 0 STREAMS s1 >",
                                     "XREADGROUP GROUP g0 M COUNT C BLOCK 0 STREAMS K >"};

constexpr const char* kBlockingOnOneKey[] = {"BLPOP K 0",
                                             "BLMOVE K K RIGHT RIGHT 0",
                                             "BZMPOP 0 1 K MAX COUNT 2",
                                             "BLMPOP 0 1 K RIGHT COUNT 3",
                                             "XREAD BLOCK 0 STREAMS s0 $",
                                             "XREADGROUP GROUP g0 M BLOCK 0 STREAMS s0 >"};

// Never spoilt. What is wrong with a script is told in the words of another Lua; WAIT would wait,
// SPOP and others draw lots; a key that SET gives a deadline in the past goes when the server gets
// round to it. The members of z0, z1 and z2 have equal scores: the reference finds the ends of a
// range of members by a search that means nothing among others.
constexpr const char* kDelicate[] = {"EVAL",   "WAIT",   "SPOP", "RANDMEMBER", "RANDFIELD",
                                     " EXAT ", " PXAT ", " z0",  " z1",        " z2"};

bool IsDelicate(const std::string& line) {
  for (const char* word : kDelicate) {
    if (line.find(word) != std::string::npos) return true;
  }
  return false;
}

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

// Whether a RESP3 reply has maps: their order depends on chance once they were Lua tables.
bool GivesMap(const std::string& line) {
  for (const char* word : {"XINFO", "XREAD", "LCS"}) {
    if (line.find(word) != std::string::npos) return true;
  }
  return false;
}

class Author {
 public:
  Author(const Templates& templates, Random& random) : templates_(templates), random_(random) {}

  std::vector<Step> Write(int length) {
    if (OneIn(2)) FollowEvents();
    steps_.push_back({"@two SELECT 1"});
    const bool limited = OneIn(4);
    if (limited) LimitUser();
    while (steps_.size() < static_cast<std::size_t>(length)) WriteSome(limited);
    for (int i = 0; i < 2; ++i) {
      if (waits_[i]) EndWait(i);
    }
    return std::move(steps_);
  }

 private:
  void Add(std::string line) { steps_.push_back({std::move(line)}); }
  bool OneIn(std::uint64_t n) { return random_.Below(n) == 0; }

  // The events of every line are compared, in their order.
  void FollowEvents() {
    steps_.push_back({"CONFIG SET notify-keyspace-events KEA", "@events PSUBSCRIBE __key*__:*",
                      "@events follow"});
  }

  void LimitUser() {
    steps_.push_back(
        {"ACL SETUSER limited reset on nopass ~k0 ~s* %R~k1 %W~k2 +@read +@write "
         "+@connection -@geo -hset +select|0",
         "@limited AUTH limited x"});
  }

  void WriteSome(bool limited) {
    switch (random_.Below(24)) {
      case 0:
        return Transaction();
      case 1:
        return Script();
      case 2:
      case 3:
        return Wait();
      case 4:
      case 5:
        return Add("@two " + PlainCommand());
      case 6:
      case 7:
        if (limited) return Add("@limited " + PlainCommand());
        [[fallthrough]];
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
    std::string line = templates_.Draw(random_);
    while (!swaps_ && line.find("SWAPDB") != std::string::npos) line = templates_.Draw(random_);
    return OneIn(12) && !IsDelicate(line) ? Spoilt(WordsOf(line)) : line;
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
    // What would wait outside of the transaction must stay in it.
    if (OneIn(6)) return steps_.push_back({"@t MULTI", "@t " + BlockingCommand(), "@t EXEC"});
    Add("@t MULTI");
    for (std::uint64_t i = 0, count = random_.Below(5); i < count; ++i) {
      if (OneIn(6)) Add(Command());  // somebody else, in between
      Add("@t " + PlainCommand());
    }
    Add(OneIn(8) ? "@t DISCARD" : "@t EXEC");
  }

  void Script() {
    if (OneIn(2)) return ScriptOfMany();
    const char* const function = OneIn(2) ? "call" : "pcall";
    const std::string inner = OneIn(8) ? BlockingCommand() : PlainCommand();
    if (inner.find('{') != std::string::npos) return;  // a range would change the count
    Add(std::string("EVAL \"return redis.") + function + "(unpack(ARGV))\" 0 " + inner);
  }

  // Several calls, each with the number of its words before it.
  void ScriptOfMany() {
    const bool maps = OneIn(3);
    std::string calls;
    for (std::uint64_t i = 0, count = 2 + random_.Below(3); i < count; ++i) {
      const std::string inner = PlainCommand();
      const auto words = SplitArgs(inner);
      if (!words || inner.find('{') != std::string::npos) continue;
      if (maps && GivesMap(inner)) continue;
      calls += " " + std::to_string(words->size()) + " " + inner;
    }
    const std::string protocol = maps ? "redis.setresp(3) " : "";
    Add("EVAL \"" + protocol +
        "local replies, at = {}, 1 while at <= #ARGV do local last = at + tonumber(ARGV[at]) "
        "replies[#replies + 1] = redis.pcall(unpack(ARGV, at + 1, last)) at = last + 1 end "
        "return replies\" 0" +
        calls);
  }

  std::string BlockingCommand() {
    if (swaps_) {
      const auto which = random_.Below(std::size(kBlockingOnOneKey));
      return Templates::Fill(kBlockingOnOneKey[which], random_);
    }
    return Templates::Fill(kBlocking[random_.Below(std::size(kBlocking))], random_);
  }

  void Wait() {
    const int who = OneIn(2) && !swaps_ ? 1 : 0;
    if (waits_[who]) return EndWait(who);
    const std::string name = "b" + std::to_string(who);
    // Without the step that ends the wait before this one it would still be waiting.
    steps_.push_back({"@u ignore CLIENT UNBLOCK $" + name, "@" + name + " ignore drain",
                      "@" + name + " ignore save " + name + " CLIENT ID",
                      "@" + name + (OneIn(4) ? " SELECT 1" : " SELECT 0"),
                      "@" + name + " send " + BlockingCommand()});
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
  // In which order the keys of a swapped database serve who waits for them depends on chance:
  // one client, for one key, or no swaps.
  const bool swaps_ = OneIn(2);
  bool waits_[2] = {false, false};
};

}  // namespace

std::vector<Step> DrawEpisode(const Templates& templates, Random& random, int length) {
  return Author(templates, random).Write(length);
}

}  // namespace satchel::oracle
