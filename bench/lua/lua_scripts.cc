// What scripts cost without the commands that they call: each script of bench/lua, with a
// redis.call that only returns, many times within one EVAL. Ours runs in this process, the
// other in a redis-server; both are CPU time.
//
//     lua_scripts [DIRECTORY of the scripts]

#include <time.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/reply_value.h"
#include "bench/process.h"
#include "engine/engine.h"
#include "lua/commands.h"
#include "lua/scripts.h"

namespace satchel::bench {
namespace {

struct Workload {
  const char* file;
  int runs;
};
constexpr Workload kWorkloads[] = {{"limiter", 300000}, {"queue", 8000}, {"cpu", 3000}};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The script as a function whose redis.call answers like a bulk or a count.
std::string Repeated(const std::string& script, int runs) {
  return "local redis = {call = function(name) return name == 'ZCARD' and 5 or 'job' end}\n"
         "local KEYS, ARGV = {'key'}, {'1700000000000', '60000', '100'}\n"
         "local function script()\n" +
         script + "\nend\nfor i = 1, " + std::to_string(runs) + " do script() end\nreturn 1";
}

std::uint64_t OwnCpuNs() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

class Engine {
 public:
  Engine()
      : engine_({.clock = clock_, .lock = lock_, .seed = 1, .commands = Commands()}),
        scripts_(engine_),
        session_(engine::Session::Kind::kInProcess, nullptr) {
    const ExecutionGuard guard(lock_);
    engine_.AddSession(session_);
  }
  ~Engine() {
    const ExecutionGuard guard(lock_);
    engine_.RemoveSession(session_);
  }

  void Run(const std::vector<std::string>& words) {
    const std::vector<std::string_view> args(words.begin(), words.end());
    ValueSink sink(false);
    const ExecutionGuard guard(lock_);
    engine_.Execute(session_, args, sink);
  }

 private:
  static std::shared_ptr<const engine::CommandTable> Commands() {
    std::vector<std::span<const engine::Command>> tables(engine::EngineCommandTables().begin(),
                                                         engine::EngineCommandTables().end());
    tables.push_back(lua::ScriptCommands());
    return std::make_shared<const engine::CommandTable>(tables);
  }

  RealClock clock_;
  ExecutionLock lock_;
  engine::Engine engine_;
  lua::Scripts scripts_;
  engine::Session session_;
};

void Compare(const std::string& directory) {
  ServerProcess redis("redis-server",
                      {"redis-server", "--port", "{port}", "--save", "", "--bind", "127.0.0.1",
                       "--lua-time-limit", "0"},
                      1);
  Engine ours;
  std::printf(
      "| script | redis-server us | satchel us | satchel / redis-server |\n|---|---|---|---|\n");
  for (const Workload& workload : kWorkloads) {
    const std::string script =
        Repeated(ReadFile(directory + "/" + workload.file + ".lua"), workload.runs);
    const std::string file = directory + "/.repeated";
    std::ofstream(file) << script;
    double best_ours = 1e300;
    double best_theirs = 1e300;
    for (int round = 0; round < 3; ++round) {
      std::uint64_t before = OwnCpuNs();
      ours.Run({"EVAL", script, "0"});
      best_ours = std::min(best_ours, static_cast<double>(OwnCpuNs() - before));
      before = redis.CpuNs();
      OutputOf("redis-cli -p " + std::to_string(redis.port()) + " --eval " + file);
      best_theirs = std::min(best_theirs, static_cast<double>(redis.CpuNs() - before));
    }
    std::remove(file.c_str());
    std::printf("| %s | %.2f | %.2f | **%.2f** |\n", workload.file,
                best_theirs / workload.runs / 1000, best_ours / workload.runs / 1000,
                best_ours / best_theirs);
    std::fflush(stdout);
  }
}

// EVAL and EVALSHA in process, the lock and the reply included.
void InProcess() {
  Engine ours;
  const std::string calls = "for i = 1, 100 do redis.call('INCR', KEYS[1]) end return 1";
  struct Case {
    const char* name;
    std::vector<std::string> words;
    int runs;
  };
  const Case cases[] = {
      {"EVAL return 1", {"EVAL", "return 1", "0"}, 1000000},
      {"EVAL 3 calls",
       {"EVAL",
        "redis.call('SET', KEYS[1], ARGV[1]) redis.call('INCR', KEYS[2]) "
        "return redis.call('GET', KEYS[1])",
        "2", "a", "b", "value"},
       300000},
      {"EVAL 100 calls", {"EVAL", calls, "1", "counter"}, 10000},
  };
  for (const Case& one : cases) {
    for (int i = 0; i < 1000; ++i) ours.Run(one.words);
    const std::uint64_t before = OwnCpuNs();
    for (int i = 0; i < one.runs; ++i) ours.Run(one.words);
    std::printf("%s: %.2f us\n", one.name,
                static_cast<double>(OwnCpuNs() - before) / one.runs / 1000);
  }
}

}  // namespace
}  // namespace satchel::bench

int main(int argc, char** argv) {
  satchel::bench::InProcess();
  satchel::bench::Compare(argc > 1 ? argv[1] : "bench/lua");
}
