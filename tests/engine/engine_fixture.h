// An engine with a manual clock and a caller: Run("SET k v") and compare the printed reply.
// Every unit's effects are proved on a second keyspace.

#pragma once

#include <gtest/gtest.h>

#include "base/reply_value.h"
#include "base/text.h"
#include "engine/effect_proof.h"
#include "engine/engine.h"

namespace satchel::engine {

class EngineTest : public testing::Test {
 protected:
  // With the engine's own rows, or those of `commands`.
  explicit EngineTest(std::shared_ptr<const CommandTable> commands = nullptr)
      : engine_({.clock = clock_, .lock = lock_, .seed = 1, .commands = std::move(commands)}),
        session_(Session::Kind::kInProcess, nullptr) {
    const ExecutionGuard guard(lock_);
    proof_ = std::make_unique<EffectProof>(engine_);
    engine_.AddSession(session_);
  }
  ~EngineTest() override {
    const ExecutionGuard guard(lock_);
    engine_.RemoveSession(session_);
    engine_.keyspace().Check();
    proof_.reset();
  }

  // A line with redis-cli's quoting; the reply as DebugText.
  std::string Run(std::string_view line) { return RunAs(session_, line); }
  std::string RunAs(Session& session, std::string_view line) {
    const auto words = SplitArgs(line);
    const std::vector<std::string_view> args(words->begin(), words->end());
    return RunArgs(session, args);
  }
  std::string RunArgs(Session& session, Args args) {
    ValueSink sink(session.protocol == 3);
    const ExecutionGuard guard(lock_);
    const Outcome outcome = engine_.Execute(session, args, sink);
    if (outcome == Outcome::kBlocked) return "(blocked)";
    return DebugText(sink.Take());
  }
  void Advance(std::chrono::milliseconds by) {
    clock_.Advance(by);
    const ExecutionGuard guard(lock_);
    engine_.Tick();
  }

  ManualClock clock_{1'700'000'000'000};
  ExecutionLock lock_;
  Engine engine_;
  std::unique_ptr<EffectProof> proof_;
  Session session_;
};

}  // namespace satchel::engine
