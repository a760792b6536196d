#include "resp/parser.h"

#include "base/random.h"
#include "resp/command_writer.h"

namespace satchel::resp {
namespace {

using Command = std::vector<std::string>;
using Commands = std::vector<Command>;
using Outcome = Parser::Outcome;
using testing::ElementsAre;
using namespace std::string_literals;       // NOLINT
using namespace std::string_view_literals;  // NOLINT

// What a stream of bytes comes to: its commands, then the error if there is one.
struct Parsed {
  Commands commands;
  std::string error;

  bool operator==(const Parsed&) const = default;
};

// A connection's buffer and parser, fed in pieces.
class Feeder {
 public:
  explicit Feeder(ParserLimits limits = {}) : limits_(limits) {}

  void Feed(std::string_view piece) {
    // A new buffer each time: the parser may not rely on where the bytes lie.
    buffer_ = std::string(buffer_) + std::string(piece);
    std::string_view input = buffer_;
    while (parsed_.error.empty()) {
      CommandBatch batch;
      outcome_ = parser_.Next(input, limits_, batch);
      if (outcome_ == Outcome::kNeedMore) break;
      if (outcome_ == Outcome::kError) {
        parsed_.error = parser_.error().detail;
      } else {
        const auto args = batch.back();
        parsed_.commands.emplace_back(args.begin(), args.end());
      }
    }
    buffer_.erase(0, buffer_.size() - input.size());
  }

  const Parsed& parsed() const { return parsed_; }
  Outcome outcome() const { return outcome_; }
  const Parser& parser() const { return parser_; }
  std::size_t buffered_bytes() const { return buffer_.size(); }

 private:
  ParserLimits limits_;
  std::string buffer_;
  Parser parser_;
  Parsed parsed_;
  Outcome outcome_ = Outcome::kNeedMore;
};

Parsed Parse(std::string_view bytes, ParserLimits limits = {}) {
  Feeder feeder(limits);
  feeder.Feed(bytes);
  return feeder.parsed();
}

std::string ErrorOf(std::string_view bytes, ParserLimits limits = {}) {
  return Parse(bytes, limits).error;
}

// Whether all of `bytes` is a sound beginning of something.
bool Waits(std::string_view bytes, ParserLimits limits = {}) {
  Feeder feeder(limits);
  feeder.Feed(bytes);
  return feeder.outcome() == Outcome::kNeedMore;
}

constexpr std::string_view kStream =
    "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nbinary\r\n\0$*5\r\n"
    "*0\r\n*-1\r\n\r\n\n  \t \r\n"
    "PING\r\n"
    "set 'a b' \"c\\x41\\n\"\n"
    "*1\r\n$0\r\n\r\n"
    "  ECHO   two words\t\r\n"
    "*12\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n$1\r\ne\r\n$1\r\nf\r\n$1\r\ng\r\n"
    "$1\r\nh\r\n$1\r\ni\r\n$1\r\nj\r\n$1\r\nk\r\n$1\r\nl\r\n"
    "*1\r\n$4\r\nQUITxx"  // what follows a bulk is not looked at
    "*x\r\n"sv;

Parsed WholeStream() { return Parse(kStream); }

TEST(Parser, FindsTheCommandsOfAStream) {
  const Parsed parsed = WholeStream();
  ASSERT_EQ(parsed.commands.size(), 7u);
  EXPECT_THAT(parsed.commands[0], ElementsAre("SET", "k", "binary\r\n\0$*5"s));
  EXPECT_THAT(parsed.commands[1], ElementsAre("PING"));
  EXPECT_THAT(parsed.commands[2], ElementsAre("set", "a b", "cA\n"));
  EXPECT_THAT(parsed.commands[3], ElementsAre(""));
  EXPECT_THAT(parsed.commands[4], ElementsAre("ECHO", "two", "words"));
  EXPECT_EQ(parsed.commands[5].size(), 12u);
  EXPECT_THAT(parsed.commands[6], ElementsAre("QUIT"));
  EXPECT_EQ(parsed.error, "ERR Protocol error: invalid multibulk length");
}

TEST(Parser, FindsTheSameWhereverTheBytesAreCut) {
  const Parsed whole = WholeStream();
  for (std::size_t first = 0; first <= kStream.size(); ++first) {
    for (std::size_t second = first; second <= kStream.size(); second += 7) {
      Feeder feeder;
      feeder.Feed(kStream.substr(0, first));
      feeder.Feed(kStream.substr(first, second - first));
      feeder.Feed(kStream.substr(second));
      ASSERT_EQ(feeder.parsed(), whole) << "cut at " << first << " and " << second;
    }
  }
}

TEST(Parser, FindsTheSameByteByByte) {
  Feeder feeder;
  for (char c : kStream) feeder.Feed({&c, 1});
  EXPECT_EQ(feeder.parsed(), WholeStream());
}

TEST(Parser, ArgumentsAreViewsIntoTheInput) {
  const std::string bytes = "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nECHO there\r\n";
  std::string_view input = bytes;
  Parser parser;
  CommandBatch batch;
  ASSERT_EQ(parser.Next(input, {}, batch), Outcome::kCommand);
  ASSERT_EQ(parser.Next(input, {}, batch), Outcome::kCommand);
  EXPECT_TRUE(input.empty());
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch[0][1].data(), bytes.data() + bytes.find("hi"));
  EXPECT_EQ(batch[1][1].data(), bytes.data() + bytes.find("there"));
}

TEST(Parser, KeepsWordsOfQuotedInlineCommandsUntilTheBatchIsCleared) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += "ECHO 'word " + std::to_string(i) + "'\r\n";
  std::string_view input = bytes;
  Parser parser;
  CommandBatch batch;
  while (parser.Next(input, {}, batch) == Outcome::kCommand) {
  }
  ASSERT_EQ(batch.size(), 100u);
  EXPECT_EQ(batch[0][1], "word 0");
  EXPECT_EQ(batch[99][1], "word 99");
  batch.Clear();
  EXPECT_TRUE(batch.empty());
}

TEST(Parser, SaysHowMuchOfABulkIsMissing) {
  Feeder feeder;
  feeder.Feed("*2\r\n$3\r\nGET\r\n$1000000\r\nabc");
  EXPECT_EQ(feeder.parser().missing_bytes(), 1'000'000u - 3 + 2);
  feeder.Feed(std::string(999'997, 'x'));
  EXPECT_EQ(feeder.parser().missing_bytes(), 2u);
  feeder.Feed("\r");
  EXPECT_EQ(feeder.parser().missing_bytes(), 1u);
  feeder.Feed("\n*");
  ASSERT_EQ(feeder.parsed().commands.size(), 1u);
  EXPECT_EQ(feeder.parser().missing_bytes(), 1u);
  EXPECT_EQ(feeder.buffered_bytes(), 1u);
}

TEST(Parser, KnowsWhetherItIsInsideACommand) {
  Feeder feeder;
  EXPECT_FALSE(feeder.parser().in_command());
  feeder.Feed("P");
  EXPECT_TRUE(feeder.parser().in_command());
  feeder.Feed("ING\r\n\r\n");
  EXPECT_FALSE(feeder.parser().in_command());
  feeder.Feed("*");
  EXPECT_TRUE(feeder.parser().in_command());
  feeder.Feed("1\r\n");
  EXPECT_TRUE(feeder.parser().in_command());
  feeder.Feed("$4\r\nPING\r\n");
  EXPECT_FALSE(feeder.parser().in_command());
}

TEST(Parser, RestartsACommandFromItsFirstByte) {
  const std::string bytes = "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n";
  Parser parser;
  CommandBatch batch;
  std::string_view part = std::string_view(bytes).substr(0, 16);
  ASSERT_EQ(parser.Next(part, {}, batch), Outcome::kNeedMore);
  parser.Restart();
  EXPECT_FALSE(parser.in_command());
  std::string_view input = bytes;
  ASSERT_EQ(parser.Next(input, {}, batch), Outcome::kCommand);
  EXPECT_THAT(batch.back(), ElementsAre("ECHO", "hi"));
}

TEST(Parser, RefusesWhatRedisRefuses) {
  const std::string invalid_count = "ERR Protocol error: invalid multibulk length";
  for (const char* bytes : {"*x\r\n", "*\r\n", "*+1\r\n", "*01\r\n", "* 1\r\n", "*1x\r\n", "*-\r\n",
                            "*1\n$4\r\n", "*2147483648\r\n", "*99999999999999999999\r\n"}) {
    EXPECT_EQ(ErrorOf(bytes), invalid_count) << bytes;
  }
  const std::string invalid_bulk = "ERR Protocol error: invalid bulk length";
  for (const char* length : {"$-1\r\n", "$\r\n", "$04\r\n", "$ 4\r\n", "$4x\r\n", "$536870913\r\n",
                             "$18446744073709551620\r\n"}) {
    EXPECT_EQ(ErrorOf("*1\r\n" + std::string(length)), invalid_bulk) << length;
  }
  EXPECT_EQ(ErrorOf("*1\r\nx4\r\nPING\r\n"), "ERR Protocol error: expected '$', got 'x'");
  EXPECT_EQ(ErrorOf("*1\r\n\r\n"), "ERR Protocol error: expected '$', got '\r'");
  for (const char* line : {"PING \"abc\r\n", "SET a 'b\n", "PING 'a'b\r\n"}) {
    EXPECT_EQ(ErrorOf(line), "ERR Protocol error: unbalanced quotes in request") << line;
  }
}

TEST(Parser, TakesEachLimitAndRefusesOneMore) {
  EXPECT_TRUE(Waits("*2147483647\r\n"));
  EXPECT_TRUE(Waits("*1\r\n$536870912\r\n"));
  EXPECT_TRUE(Waits("*1\r\n$5\r\n", {.max_bulk_bytes = 5}));
  EXPECT_FALSE(Waits("*1\r\n$6\r\n", {.max_bulk_bytes = 5}));
  EXPECT_TRUE(Waits("*5\r\n", {.max_arguments = 5}));
  EXPECT_FALSE(Waits("*6\r\n", {.max_arguments = 5}));
}

TEST(Parser, KeepsUnauthenticatedCommandsSmall) {
  const ParserLimits limits{.authenticated = false};
  EXPECT_TRUE(Waits("*10\r\n", limits));
  EXPECT_EQ(ErrorOf("*11\r\n", limits), "ERR Protocol error: unauthenticated multibulk length");
  EXPECT_TRUE(Waits("*1\r\n$16384\r\n", limits));
  EXPECT_EQ(ErrorOf("*1\r\n$16385\r\n", limits), "ERR Protocol error: unauthenticated bulk length");
  EXPECT_EQ(Parse("PING 1 2 3 4 5 6 7 8 9 10 11\r\n", limits).commands.size(), 1u);
}

TEST(Parser, RefusesLinesOver64Kb) {
  const std::string digits(kMaxLineBytes, '1');
  EXPECT_TRUE(Waits("*" + digits.substr(1)));
  EXPECT_EQ(ErrorOf("*" + digits), "ERR Protocol error: too big mbulk count string");
  EXPECT_EQ(ErrorOf("*" + digits.substr(1) + "\r\n"),
            "ERR Protocol error: invalid multibulk length");
  EXPECT_TRUE(Waits("*1\r\n$" + digits.substr(1)));
  EXPECT_EQ(ErrorOf("*1\r\n$" + digits), "ERR Protocol error: too big bulk count string");

  const std::string letters(kMaxLineBytes, 'P');
  EXPECT_TRUE(Waits(letters));
  EXPECT_EQ(Parse(letters + "\n").commands, (Commands{{letters}}));
  EXPECT_EQ(ErrorOf(letters + "P"), "ERR Protocol error: too big inline request");
  EXPECT_EQ(ErrorOf(letters + "P\n"), "ERR Protocol error: too big inline request");
}

TEST(Parser, RoundTripsRandomCommandsThroughTheWriter) {
  const std::uint64_t seed = Random::SystemSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  Commands sent;
  std::string bytes;
  for (int i = 0; i < 200; ++i) {
    Command command(1 + random.Below(random.Below(10) == 0 ? 3000 : 5));
    for (std::string& arg : command) {
      arg.resize(random.Below(random.Below(30) == 0 ? 50'000 : 20));
      for (char& c : arg) c = static_cast<char>(random.Below(256));
    }
    AppendCommand(bytes, std::vector<std::string_view>(command.begin(), command.end()));
    sent.push_back(std::move(command));
  }
  Feeder feeder;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::size_t piece = std::min<std::size_t>(rest.size(), 1 + random.Below(20'000));
    feeder.Feed(rest.substr(0, piece));
    rest.remove_prefix(piece);
  }
  EXPECT_EQ(feeder.parsed().commands, sent);
}

// A megabyte in single bytes: quadratic work would show as minutes.
TEST(Parser, DoesNotLookTwiceAtABigBulkOrLine) {
  const std::string bulk = "*1\r\n$1000000\r\n" + std::string(1'000'000, 'x') + "\r\n";
  const std::string line = std::string(60'000, 'x') + "\r\n";
  for (const std::string& bytes : {bulk, line}) {
    Parser parser;
    CommandBatch batch;
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      std::string_view input(bytes.data(), size);
      ASSERT_EQ(parser.Next(input, {}, batch), Outcome::kNeedMore);
    }
    std::string_view input = bytes;
    EXPECT_EQ(parser.Next(input, {}, batch), Outcome::kCommand);
  }
}

}  // namespace
}  // namespace satchel::resp
