// ExecutionIndex: what workflow executions and their tasks share: names of keys, and the indexes
// outside their tag.
//
// X = "{wx:T:<exec>}":
//   ns:wf:X:state              HASH, an execution         ns:wf:X:meta  HASH clk ep mx
//   ns:task:X:state:<task>     HASH, a task               ns:task:X:ix  lex index of the tasks
//   ns:task:X:lock:<task>, ns:task:X:fence:<task>         row lock
// O1 = ns:wf:{wi:T}:, O2 = ns:wf:{ww:T:<workflow_id>}:, each of
//   ix     lex index    ver  HASH member -> last applied stamp    dirty  ZSET marks by time, ms
// R1 ns:wf:{wi:T}:wids   R4 ns:gc:{gc:T}:due   R5 ns:task:{tx:T:<task>}:loc, see locators.h
//
// A write marks the groups it concerns, commits in the tag of the object, and applies: a group
// takes the newest stamp "<c> <v>" of each member, whatever the order of arrival, and the mark
// goes. A mark older than 2 s is a crashed writer's: the next reader recomputes the member from
// its objects. What a commit that came late would have taken away becomes a mark, too, for the
// object must tell whether it fits. `ver` has one field that is no member, "*": it counts the
// additions of entries that tasks make for their execution.
//
// Entries: cr <c> <exec> | st <status> <c> <exec> | xt <task_id> <c> <exec> | xa <agent> <c> <exec>
//   | xl <tool> <c> <exec> | ta ... <c> <exec> <task>; of tasks, <c> in x entries is the
//   execution's. Readers check every candidate against its object; what does not fit is removed.
// Thread: any.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repos/fields.h"
#include "repos/locators.h"
#include "repos/options.h"
#include "repos/page.h"
#include "repos/registry.h"
#include "repos/scripts.h"
#include "store/store.h"

namespace satchel::repos {

struct OuterGroup {
  std::string base;  // without a colon at its end

  std::string ix() const { return base + ":ix"; }
  std::string ver() const { return base + ":ver"; }
  std::string dirty() const { return base + ":dirty"; }
};

// What one commit means for the groups outside.
struct OuterChange {
  std::string member;  // "<exec>" or "<exec>:<task>", escaped
  std::string stamp;   // "<c> <v>", 16 and 20 digits
  bool is_deletion = false;
  // Of a repair: the stamp that was held before the object was read ("": none). When another one is
  // held by then, nothing happens and the mark stays.
  std::optional<std::string> repairs = {};
  std::vector<std::string> old_entries = {};
  std::vector<std::string> new_entries = {};
};

// A row of an outer list that may not fit its object any more.
struct Candidate {
  std::string position;  // what follows the prefix
  std::string entry;     // the whole
  std::string guard;     // the member whose stamp guards it, "*" for x entries
  std::string version;   // of the guard when it was read
};

class ExecutionIndex {
 public:
  ExecutionIndex(store::Store& store, const RepoOptions& options);

  std::string StateKey(std::string_view exec) const;
  std::string MetaKey(std::string_view exec) const;
  std::string TaskIndexKey(std::string_view exec) const;
  // What keys of tasks begin with; the escaped id follows.
  std::string TaskPrefix(std::string_view exec) const;
  std::string TaskKey(std::string_view exec, std::string_view task) const;
  std::string RowKey(std::string_view exec, std::string_view name, std::string_view task) const;
  std::string LocatorKey(std::string_view task) const;
  std::string DueKey() const;
  OuterGroup OfTenant() const;                                // O1
  OuterGroup OfWorkflow(std::string_view workflow_id) const;  // O2
  Registry& workflows() { return workflows_; }                // R1

  static std::string ExecMember(std::string_view exec);
  static std::string TaskMember(std::string_view exec, std::string_view task);

  // Entries of an execution, and of a task in O2, from their stored fields; none for none.
  static std::vector<std::string> EntriesOfExec(const Fields& fields);
  static std::vector<std::string> EntriesOfTask(const Fields& fields, std::int64_t exec_created_ms);
  static std::string Stamp(std::int64_t created_ms, std::uint64_t version);

  // A mark's name, to be added, applied or taken back.
  std::string NewMark(std::string_view member);
  void AddMark(Batch& batch, const OuterGroup& group, const std::string& mark) const;
  static void RemoveMark(Batch& batch, const OuterGroup& group, const std::string& mark);
  static void AddApply(Batch& batch, const OuterGroup& group, const OuterChange& change,
                       const std::string& mark);

  // Candidates after a position, newest first; old marks are repaired before. One round trip when
  // there are none.
  struct Found {
    std::vector<Candidate> candidates;
    std::optional<std::string> rest = {};
  };
  Result<Found> Read(const OuterGroup& group, const std::string& prefix, const std::string& after,
                     std::int64_t count);
  // Forgets a workflow of which no group has an entry any more. One or two round trips.
  Result<void> Forget(std::string_view workflow_id);
  // Looks at every entry of a group, whatever its kind, and removes what does not fit. Three round
  // trips per 200 entries.
  Result<void> Clean(const OuterGroup& group);
  // For each of these removed tasks, takes back the entries that no other task of the execution
  // stands behind, and finishes the removal of the locators. Two round trips, none without tasks.
  Result<void> DropShared(std::string_view exec, const std::vector<Fields>& removed,
                          const Locators::Removal& locators);
  // Removes candidates that do not fit, unless their guard moved.
  Result<void> Drop(const OuterGroup& group, const std::vector<Candidate>& misfits);

  store::Store& store() const { return store_; }
  const RepoOptions& options() const { return options_; }
  std::int64_t NowMs() const { return options_.clock->NowMs(); }
  std::string Tenanted(std::string_view domain, std::string_view kind,
                       std::initializer_list<std::string_view> parts = {}) const {
    return options_.Base(domain, kind, parts);
  }

 private:
  Result<void> Repair(const OuterGroup& group, const std::vector<std::string>& marks);

  store::Store& store_;  // borrowed
  const RepoOptions options_;
  Registry workflows_;
};

}  // namespace satchel::repos
