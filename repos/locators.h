// Locators: which execution the task of an id belongs to. R5 of repos/execution_index.h:
//   ns:task:{tx:T:<task>}:loc  STRING  <exec> [ " " <token> ]   escaped; the token is a remover's
//   mark
//
// A writer sets the locator before its commit, and once more after a commit that created the task.
// A remover, once the task is gone: 1. marks the locator with a token of its own, 2. looks whether
// the task is there again, 3. if not, removes the locator, unless the mark is not its own any more.
// No task loses its locator so: one that step 2 did not see was committed after it, and its writer
// sets the locator after that; before step 3 this takes the mark away, and step 3 removes nothing;
// after step 3 it makes the locator anew. A remover that dies has removed nothing; a writer that
// dies between commit and second set, which goes out with the change of the indexes, has left its
// mark in O2, and the reader that repairs sets the locator. What can stay is a locator too many: a
// writer of the same task in another execution replaces it, by the same three steps. Thread: any.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply_value.h"
#include "base/result.h"
#include "repos/scripts.h"

namespace satchel::repos {

class ExecutionIndex;

class Locators {
 public:
  explicit Locators(const ExecutionIndex& index) : index_(index) {}

  // The execution that a locator's text names.
  static Result<std::string> ExecOf(std::string_view text);

  // Before a commit: sets it unless there is one. Settle takes the reply; it replaces what names
  // an execution without this task, and tells whether the locator was made here: one to be removed
  // if the commit fails. Errors: kInvalidArgument when the other execution has the task.
  void AddSet(Batch& batch, std::string_view exec, std::string_view task) const;
  Result<bool> Settle(std::string_view exec, std::string_view task, const ReplyValue& reply) const;

  // After a commit that created the task: sets it, also over a mark. Confirm takes the reply; it
  // sends something only when a remover, or another execution, has been here meanwhile.
  void AddClaim(Batch& batch, std::string_view exec, std::string_view task) const;
  Result<void> Confirm(std::string_view exec, std::string_view task, const ReplyValue& reply) const;

  // Removed tasks of one execution, on their way through the three steps.
  struct Removal {
    std::string exec;
    std::vector<std::string> tasks;
    std::string token;
  };
  Removal Begin(Batch& batch, std::string_view exec, std::vector<std::string> tasks) const;
  // One command per task each, for the caller's batches.
  void AddLooks(Batch& batch, const Removal& removal) const;
  void AddDrops(Batch& batch, const Removal& removal,
                std::span<const Result<ReplyValue>> looks) const;
  // Steps two and three: two round trips, none without tasks.
  Result<void> Finish(const Removal& removal) const;

 private:
  Result<bool> Holds(std::string_view exec, std::string_view task) const;
  // What still has the mark names `exec` from then on; "": the locator goes.
  void AddChange(Batch& batch, const Removal& removal, std::string_view task,
                 std::string_view exec) const;

  const ExecutionIndex& index_;  // borrowed
};

}  // namespace satchel::repos
