// Random programs to redis-server and to the scripts of an engine in this process, until time or
// count is over, or they answer differently: then the program is made short and printed.
//
//     dialect_differential [--seconds N] [--programs N] [--seed N] [--keep-going N]
//
// Exit code: 0 no difference, 1 a difference, 2 bad arguments or no server.

#include <chrono>
#include <cstdio>
#include <regex>

#include "base/text.h"
#include "tests/lua/programs.h"
#include "tests/lua/script_server.h"
#include "tests/support/redis.h"

namespace satchel::lua {
namespace {

using oracle::Frame;

struct Options {
  std::int64_t seconds = 30;
  std::int64_t programs = INT64_MAX;
  std::uint64_t seed = 1;
  std::int64_t differences = 1;  // how many to print
};

bool Parse(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = ParseInt(argv[i + 1]);
    if (!value || *value < 0) return false;
    const std::string_view name = argv[i];
    if (name == "--seconds") {
      options->seconds = *value;
    } else if (name == "--programs") {
      options->programs = *value;
      options->seconds = INT32_MAX;
    } else if (name == "--seed") {
      options->seed = static_cast<std::uint64_t>(*value);
    } else if (name == "--keep-going") {
      options->differences = *value;
    } else {
      return false;
    }
  }
  return argc % 2 == 1;
}

class Differential {
 public:
  explicit Differential(oracle::Connection& redis) : redis_(redis) {}

  bool Differs(const Program& program) {
    if (program.uses_keys) {
      redis_.Call({"FLUSHALL"});
      ours_.Call({"FLUSHALL"});
    }
    const std::vector<std::string> words = {"EVAL", program.Text(), "0"};
    theirs_reply_ = redis_.Call(words);
    ours_reply_ = ours_.Call(words);
    return theirs_reply_ != ours_reply_ && !Explained(theirs_reply_, ours_reply_);
  }

  // Leaves statements out as long as the difference stays.
  Program Shorten(Program program) {
    for (std::size_t i = program.statements.size(); i-- > 0;) {
      Program shorter = program;
      shorter.statements.erase(shorter.statements.begin() + static_cast<std::ptrdiff_t>(i));
      if (Differs(shorter)) program = std::move(shorter);
    }
    Differs(program);
    return program;
  }

  void Forget() {
    redis_.Call({"SCRIPT", "FLUSH"});
    ours_.Call({"SCRIPT", "FLUSH"});
  }

  void Print(const Program& program) const {
    std::printf("---\n");
    for (const std::string& statement : program.statements) std::printf("%s\n", statement.c_str());
    std::printf("redis-server: %s\nsatchel:      %s\n",
                oracle::Describe(theirs_reply_, 3000).c_str(),
                oracle::Describe(ours_reply_, 3000).c_str());
    std::fflush(stdout);
  }
  std::int64_t explained() const { return explained_; }

 private:
  // docs/compat.md: arithmetic on a string variable loses its name; 5.1 may take the constant 0
  // for -0, or the other way round, where a function has both; the sign of a sum of two NaNs.
  bool Explained(Frame theirs, Frame ours) {
    static const std::regex kNamed(
        R"(attempt to perform arithmetic on (local|upvalue|field|global) '[^']*' \(a (\w+) value\))");
    static const std::regex kSign("-(nan|inf|0(?![.]))");
    for (Frame* frame : {&theirs, &ours}) {
      frame->text =
          std::regex_replace(frame->text, kNamed, "attempt to perform arithmetic on a $2 value");
      frame->text = std::regex_replace(frame->text, kSign, "$1");
    }
    if (theirs != ours) return false;
    ++explained_;
    return true;
  }

  oracle::Connection& redis_;
  ScriptServer ours_;
  Frame theirs_reply_;
  Frame ours_reply_;
  std::int64_t explained_ = 0;
};

int Main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, &options)) {
    std::fprintf(stderr,
                 "dialect_differential [--seconds N] [--programs N] [--seed N] [--keep-going N]\n");
    return 2;
  }
  auto server = oracle::StartRedis();
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().detail.c_str());
    return 2;
  }
  const auto connection = oracle::Connection::Open((*server)->port());
  Differential differential(*connection);
  ProgramGenerator generator(options.seed);
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  std::int64_t programs = 0;
  std::int64_t differences = 0;
  constexpr std::int64_t kForgetEvery = 500;
  for (; programs < options.programs && std::chrono::steady_clock::now() < end; ++programs) {
    const Program program = generator.Next();
    if (programs % kForgetEvery == 0) differential.Forget();
    if (!differential.Differs(program)) continue;
    differential.Print(differential.Shorten(program));
    if (++differences >= options.differences) break;
  }
  std::printf("%lld programs, %lld differences, %lld explained\n", static_cast<long long>(programs),
              static_cast<long long>(differences),
              static_cast<long long>(differential.explained()));
  return differences == 0 ? 0 : 1;
}

}  // namespace
}  // namespace satchel::lua

int main(int argc, char** argv) { return satchel::lua::Main(argc, argv); }
