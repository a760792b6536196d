// What the checks of executions and of tasks share.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "repos/check/entity_check.h"
#include "repos/execution_index.h"

namespace satchel::repos::check {

// The members of a task in the index of its execution; see lib_task.lua.
std::vector<std::string> MembersOfTask(const Fields& task);

// Asked for in place of an object whose name is none; what lies there, if anything, is no object.
inline const std::string kNoKey = "-";

// A check that needs the keys of executions, tenant by tenant.
class ExecutionsCheck : public EntityCheck {
 protected:
  explicit ExecutionsCheck(const CheckScope& scope) : EntityCheck(scope) {}

  ExecutionIndex& IndexOf(const KeyParts& parts);

  // Entries and stamp of one member in an outer group: what a reply to
  // {ZMSCORE ix entries..., HGET ver member} leaves to be wished for.
  struct OuterState {
    OuterGroup group;
    std::string member;
    std::string stamp;
    std::vector<std::string> entries;
  };
  static std::vector<store::CommandLine> OuterLines(const OuterState& state);
  static void CompareOuter(const OuterState& state, const ReplyValue& scores,
                           const ReplyValue& held, std::vector<Finding>& found);
  // An entry of an outer index, or of its stamps (`entry` is empty then), that is to go.
  static Plan DropOuter(const OuterGroup& group, const std::string& entry, const std::string& guard,
                        const ReplyValue& stamp, bool is_gone);

  // A due entry, whose object, by this key, must be there and have a deadline.
  static void CompareDue(const Thing& thing, const std::string& object, Rounds& rounds,
                         std::vector<Finding>& found);

 private:
  std::map<std::string, std::unique_ptr<ExecutionIndex>> indexes_;
};

}  // namespace satchel::repos::check
