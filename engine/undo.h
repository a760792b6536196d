// UndoLog: the values of all keys that a part of a unit opens, as they were before, so that the
// part can be undone: what script-rollback does with a script that fails.
//
// A value is copied whole when the door opens its key for the first time. Emptied and swapped
// databases cannot be undone. Messages that were published stay published, and watched keys
// count as changed.
// Thread: the one that holds the execution lock. Cost: a copy of each value that is opened.

#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/engine.h"

namespace satchel::engine {

class UndoLog {
 public:
  // Notes from now on, within the unit that runs. One at a time.
  explicit UndoLog(Engine& engine);
  // What was noted is forgotten.
  ~UndoLog();
  UndoLog(const UndoLog&) = delete;
  UndoLog& operator=(const UndoLog&) = delete;

  // Before the key changes.
  void Note(int db, std::string_view key);

  // Puts everything back, through the call's door, and takes the effects back. Once.
  void Undo(Call& call);
  std::size_t keys() const { return before_.size(); }

 private:
  struct Before {
    int db;
    std::string key;
    Entry* entry;  // owned; null: the key was absent
  };

  Engine& engine_;  // borrowed
  EffectBuffer::Mark effects_;
  std::vector<Before> before_;
  std::unordered_set<std::string> noted_;
};

}  // namespace satchel::engine
