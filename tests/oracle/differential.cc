// Random sequences of commands to redis-server and to Satchel until time or count is over, or
// they answer differently: then the sequence is made as short as it gets and printed, ready to be
// put into a file of lines.
//
//     differential [--seconds N] [--commands N] [--seed N] [--protocol 2|3] [--length N]
//
// Exit code: 0 no difference, 1 a difference, 2 bad arguments or no server.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "tests/oracle/episode.h"
#include "tests/oracle/runner.h"
#include "tests/oracle/subject.h"
#include "tests/support/redis.h"

namespace satchel::oracle {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

struct Options {
  std::int64_t seconds = 60;
  std::int64_t commands = INT64_MAX;
  std::uint64_t seed = 1;
  int protocol = 0;  // 0: both in turn
  int length = 120;
};

bool Parse(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = ParseInt(argv[i + 1]);
    if (!value || *value < 0) return false;
    const std::string_view name = argv[i];
    if (name == "--seconds") {
      options->seconds = *value;
    } else if (name == "--commands") {
      options->commands = *value;
      options->seconds = INT32_MAX;
    } else if (name == "--seed") {
      options->seed = static_cast<std::uint64_t>(*value);
    } else if (name == "--protocol" && (*value == 2 || *value == 3)) {
      options->protocol = static_cast<int>(*value);
    } else if (name == "--length" && *value > 0) {
      options->length = static_cast<int>(*value);
    } else {
      return false;
    }
  }
  return argc % 2 == 1;
}

using Script = std::vector<Step>;

std::vector<std::string> LinesOf(const Script& script) {
  std::vector<std::string> lines;
  for (const Step& step : script) lines.insert(lines.end(), step.begin(), step.end());
  return lines;
}

class Differential {
 public:
  // Starts the servers; when one cannot be started, says why.
  std::string Start() {
    for (const std::string& error :
         {Revive(reference_, [] { return ServerProcess::Start("redis", RedisCommand); }),
          Revive(subject_, StartSubject)})
      if (!error.empty()) return error;
    return {};
  }

  // The first difference; empty when there is none. A server that died before is started again.
  std::string Compare(const Script& script, int protocol) {
    if (std::string error = Start(); !error.empty()) return error;
    for (auto* server : {&reference_, &subject_}) Empty(**server);
    std::vector<Line> lines;
    for (const std::string& text : LinesOf(script)) {
      auto line = ParseLine(text, static_cast<int>(lines.size()) + 1);
      if (!line) return {};  // spoilt beyond the format: nothing to send
      lines.push_back(std::move(*line));
    }
    Runner runner(*reference_, *subject_, protocol, SubjectIsRedis());
    const auto mismatches = runner.Run(lines);
    return mismatches.empty() ? std::string() : mismatches.front().text;
  }

  // Leaves out what the difference does not need: halves first, steps last.
  Script Shorten(Script script, int protocol) {
    for (std::size_t part = (script.size() + 1) / 2; part > 0;
         part = part == 1 ? 0 : (part + 1) / 2) {
      for (std::size_t at = 0; at < script.size();) {
        Script without = script;
        const std::size_t end = std::min(at + part, script.size());
        without.erase(without.begin() + static_cast<std::ptrdiff_t>(at),
                      without.begin() + static_cast<std::ptrdiff_t>(end));
        if (!without.empty() && !Compare(without, protocol).empty()) {
          script = std::move(without);
        } else {
          at += part;
        }
      }
    }
    return script;
  }

 private:
  static void Empty(ServerProcess& server) {
    if (const auto connection = Connection::Open(server.port())) {
      connection->Call({"CLIENT", "KILL", "TYPE", "normal"});
      connection->Call({"CONFIG", "SET", "notify-keyspace-events", ""});
      connection->Call({"ACL", "DELUSER", "limited"});
      connection->Call({"FLUSHALL"});
      connection->Call({"SCRIPT", "FLUSH"});
    }
  }

  template <class StartServer>
  static std::string Revive(std::unique_ptr<ServerProcess>& server, const StartServer& start) {
    if (server && server->Running()) return {};
    auto started = start();
    if (!started) return started.error().detail;
    server = std::move(*started);
    return {};
  }

  std::unique_ptr<ServerProcess> reference_;
  std::unique_ptr<ServerProcess> subject_;
};

void ReportProgress(std::int64_t commands, std::int64_t episodes, steady_clock::time_point begin) {
  const auto spent = std::chrono::duration<double>(steady_clock::now() - begin).count();
  std::printf("%lld commands in %lld episodes, %.0f s\n", static_cast<long long>(commands),
              static_cast<long long>(episodes), spent);
  std::fflush(stdout);
}

int Run(const Options& options) {
  const auto templates = Templates::Read(SATCHEL_ORACLE_FILES "/random.templates");
  Differential differential;
  if (const std::string error = differential.Start(); !error.empty()) {
    std::fprintf(stderr, "differential: %s\n", error.c_str());
    return 2;
  }
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  const auto begin = steady_clock::now();
  auto reported = begin;
  std::int64_t commands = 0;
  for (std::int64_t episode = 0;; ++episode) {
    if (commands >= options.commands || steady_clock::now() - begin > seconds(options.seconds)) {
      ReportProgress(commands, episode, begin);
      return 0;
    }
    if (steady_clock::now() - reported > seconds(30)) {
      ReportProgress(commands, episode, begin);
      reported = steady_clock::now();
    }
    // An episode's lines follow from its own seed: each can be repeated alone.
    Random random(options.seed + static_cast<std::uint64_t>(episode) * 0x9E3779B97F4A7C15);
    const Script script = DrawEpisode(*templates, random, options.length);
    const int protocol = options.protocol != 0 ? options.protocol : episode % 2 == 0 ? 2 : 3;
    commands += static_cast<std::int64_t>(script.size());
    const std::string found = differential.Compare(script, protocol);
    if (found.empty()) continue;
    std::printf("episode %lld differs over RESP%d; shortening\n%s\n",
                static_cast<long long>(episode), protocol, found.c_str());
    std::fflush(stdout);
    const Script shorter = differential.Shorten(script, protocol);
    const std::string difference = differential.Compare(shorter, protocol);
    std::printf("\n");
    for (const std::string& line : LinesOf(shorter)) std::printf("%s\n", line.c_str());
    std::printf("\n%s\n", difference.empty() ? "(not again: it depends on chance or time)"
                                             : difference.c_str());
    return 1;
  }
}

}  // namespace
}  // namespace satchel::oracle

int main(int argc, char** argv) {
  satchel::oracle::Options options;
  if (!satchel::oracle::Parse(argc, argv, &options)) {
    std::fprintf(stderr,
                 "usage: differential [--seconds N] [--commands N] [--seed N] [--protocol 2|3] "
                 "[--length N]\n");
    return 2;
  }
  return satchel::oracle::Run(options);
}
