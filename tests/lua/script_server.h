// An engine with scripts, asked over RESP2 bytes: Call({"EVAL", ...}) gives the frame that a
// client would read. The clock stands still.

#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"
#include "lua/commands.h"
#include "lua/scripts.h"
#include "resp/encoder.h"
#include "tests/support/frame.h"

namespace satchel::lua {

class ScriptServer {
 public:
  explicit ScriptServer(std::string announced_version = "7.0.15")
      : engine_({.clock = clock_, .lock = lock_, .seed = 1, .commands = Commands()}),
        scripts_(engine_) {
    engine_.config().announced_version = std::move(announced_version);
    Reconnect();
  }
  ~ScriptServer() {
    const ExecutionGuard guard(lock_);
    engine_.RemoveSession(*session_);
  }

  // A new session, as after a new connection.
  void Reconnect() {
    const ExecutionGuard guard(lock_);
    if (session_) engine_.RemoveSession(*session_);
    session_ = std::make_unique<engine::Session>(engine::Session::Kind::kInProcess, nullptr);
    engine_.AddSession(*session_);
  }

  oracle::Frame Call(const std::vector<std::string>& words) {
    const std::vector<std::string_view> args(words.begin(), words.end());
    ByteQueue queue;
    resp::Encoder encoder(queue);
    {
      const ExecutionGuard guard(lock_);
      engine_.Execute(*session_, args, encoder);
    }
    std::string bytes = queue.ToString();
    return oracle::TakeFrame(bytes).value_or(oracle::Frame{.text = "no reply"});
  }
  oracle::Frame Eval(const std::string& script) { return Call({"EVAL", script, "0"}); }

  Scripts& scripts() { return scripts_; }

 private:
  static std::shared_ptr<const engine::CommandTable> Commands() {
    std::vector<std::span<const engine::Command>> tables(engine::EngineCommandTables().begin(),
                                                         engine::EngineCommandTables().end());
    tables.push_back(ScriptCommands());
    return std::make_shared<const engine::CommandTable>(tables);
  }

  ManualClock clock_{1'700'000'000'000};
  ExecutionLock lock_;
  engine::Engine engine_;
  Scripts scripts_;
  std::unique_ptr<engine::Session> session_;
};

}  // namespace satchel::lua
