#include "engine/undo.h"

#include <utility>

#include "engine/call.h"
#include "engine/clone.h"

namespace satchel::engine {

UndoLog::UndoLog(Engine& engine) : engine_(engine), effects_(engine.effects_.mark()) {
  SATCHEL_CHECK(engine_.undo_ == nullptr && engine_.unit_depth() > 0);
  engine_.undo_ = this;
}

UndoLog::~UndoLog() {
  engine_.undo_ = nullptr;
  for (const Before& before : before_) {
    if (before.entry != nullptr) Entry::Free(before.entry);
  }
}

void UndoLog::Note(int db, std::string_view key) {
  if (!noted_.insert(Engine::WatchName(db, key)).second) return;
  const Entry* entry = engine_.keyspace().Peek(db, key);
  before_.push_back({.db = db,
                     .key = std::string(key),
                     .entry = entry == nullptr ? nullptr : CloneEntry(*entry, key)});
}

void UndoLog::Undo(Call& call) {
  engine_.undo_ = nullptr;
  for (Before& before : before_) {
    // Not by the door's lookup, to which an expired key is absent already.
    if (engine_.keyspace().Peek(before.db, before.key) != nullptr) {
      engine_.Touch(before.db, before.key);
      engine_.keyspace().Remove(before.db, before.key, engine_.keyspace().Hash(before.key));
    }
    if (before.entry != nullptr) call.Adopt(before.db, std::exchange(before.entry, nullptr));
  }
  engine_.effects_.Truncate(effects_);
}

}  // namespace satchel::engine
