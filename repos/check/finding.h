// What a check of the repositories looks at, and what it finds.
//
// An entity is one kind of stored object with the indexes, registries and counters derived from
// it. A thing is what is looked at: an object, or one entry of something derived. A finding is a
// difference between the two, with the scripts that would put it right.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/config/config.h"

namespace satchel::repos::check {

enum class Entity : std::uint8_t {
  kAuth,
  kWorkflow,
  kTask,
  kTasksBackend,
  kCheckpoint,
  kMemory,
  kResource,
};
inline constexpr std::size_t kEntities = 7;

// "auth", "workflow", "task", "tasks_backend", "checkpoint", "memory", "resource".
std::string_view EntityName(Entity entity);
std::optional<Entity> ParseEntity(std::string_view name);
// The component in whose store the entity lives.
store::Component ComponentOf(Entity entity);

// Stored in resume files and reports by these names; see KindName.
enum class Kind : std::uint8_t {
  kMissing,           // an object's entry is not there
  kWrongScore,        // it has another score
  kWrongValue,        // it says something else
  kExtra,             // an entry that its object does not ask for
  kDangling,          // an entry without object
  kStaleVersion,      // an outer index has not seen the object's newest version
  kWrongCount,        // a counter is not what is counted
  kMissingTtl,        // should expire and would not
  kExtraTtl,          // should stay and would expire
  kUniqueClash,       // two objects claim one unique value
  kCycle,             // a task is its own ancestor
  kMissingParent,     // the task or user that an object belongs to is not there
  kMissingExecution,  // a task without its execution
  kCorrupt,           // stored bytes that do not parse
};
inline constexpr std::size_t kKinds = 14;

std::string_view KindName(Kind kind);
std::optional<Kind> ParseKind(std::string_view name);
// Whether it has one right answer. The others are reported only.
bool IsRepairable(Kind kind);

// One call of a script in repos/scripts. It looks first: what has changed since is left alone.
struct Plan {
  std::string_view script;
  std::vector<std::string> keys;
  std::vector<std::string> args;

  bool operator==(const Plan&) const = default;
};

struct Thing {
  std::size_t walk = 0;     // of the entity's walks
  std::string key;          // the object, or what holds the entry
  std::string member = {};  // the entry: member of a sorted set, field of a hash

  bool operator==(const Thing&) const = default;
};

struct Finding {
  Kind kind = Kind::kCorrupt;
  std::string index;  // kind of key or of entry: "ta st", "due"; names no id
  std::string what;   // which one, exactly; may hold ids and worse
  Plan plan = {};     // empty script: reported only

  bool is_repairable() const { return !plan.script.empty(); }
  bool IsSame(const Finding& other) const {
    return kind == other.kind && index == other.index && what == other.what;
  }
};

}  // namespace satchel::repos::check
