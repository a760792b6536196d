// ResourceStore: versioned JSON documents of projects, with ETags, compare-and-set and watches.
//
// Keys, R = ns ":res:{re:T:<project>:<type>}":
//   R:obj:<id>:<version>  HASH f v c u j (the bytes as given) e (ETag)     "!": no version
//   R:ix   lex index: <id> <version>      R:rev  STRING, +1 per change      R:clk  STRING
//   channel R:ev: {"op", "id", "version", "etag", "at", "rev"}
//
// ETag: lower-case hex SHA-256 of the stable JSON (repos/json.h): equal documents have equal
// ETags, whatever the order of their keys. No document has a TTL.
// Atomic: each method is one script. Cost: one round trip unless stated. Thread: any.
// Errors: those of the store; kInvalidArgument (field); kClosed after Close.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "repos/inbox.h"
#include "repos/options.h"
#include "repos/page.h"
#include "store/store.h"

namespace satchel::repos {

enum class ResourceType : std::uint8_t {
  kProject,
  kWorkflow,
  kTask,
  kAgent,
  kTool,
  kMcp,
  kMemory,
  kSchema,
  kModel,
  kMeta,
};
std::string_view ResourceTypeName(ResourceType type);
// Errors: kInvalidArgument (type).
Result<ResourceType> ParseResourceType(std::string_view name);

struct ResourceKey {
  std::string project;
  ResourceType type = ResourceType::kProject;
  std::string id;
  std::string version = {};  // "": none

  bool operator==(const ResourceKey&) const = default;
};

struct Resource {
  std::string value;  // JSON, the bytes as they were put
  std::string etag;

  bool operator==(const Resource&) const = default;
};

struct ResourceItem {
  ResourceKey key;
  Result<Resource> resource;  // kCorrupt for what does not decode
};

struct ResourceItems {
  PageOf<ResourceItem> page;
  std::uint64_t total = 0;  // of the project and type
};

struct ResourceEvent {
  enum class Kind : std::uint8_t { kPut, kDelete };
  Kind kind = Kind::kPut;
  ResourceKey key;
  std::string etag;  // of a deletion: the one it had
  std::int64_t at_ms = 0;
  std::uint64_t rev = 0;

  bool operator==(const ResourceEvent&) const = default;
};

struct ResourceStoreOptions {
  RepoOptions repo = {};
  std::chrono::milliseconds reconcile_interval = std::chrono::seconds(30);  // below 1 s: 30 s
  std::size_t watch_buffer = 256;
};

class ResourceWatch;

class ResourceStore {
 public:
  explicit ResourceStore(store::Store& store, ResourceStoreOptions options = {});

  // The ETag. Errors: kInvalidArgument (value: JSON null, no JSON, an object with one key twice).
  Result<std::string> Put(const ResourceKey& key, std::string_view value);
  // The same, if the ETag is this one; "": if there is none. Errors: kNotFound; kEtagMismatch, its
  // subject the actual one.
  Result<std::string> PutIfMatch(const ResourceKey& key, std::string_view value,
                                 std::string_view expected_etag);
  // Value and ETag of one moment. Errors: kNotFound, kCorrupt.
  Result<Resource> Get(const ResourceKey& key);
  // Whether it was there; only then an event is told.
  Result<bool> Delete(const ResourceKey& key);
  // By id, then version, in escaped form. One round trip per 1 000 rows, as below.
  Result<std::vector<ResourceKey>> List(std::string_view project, ResourceType type);
  Result<ResourceItems> ListWithValues(std::string_view project, ResourceType type,
                                       const Page& page = {});

  // Subscribed when it returns. The store outlives its watches.
  Result<std::unique_ptr<ResourceWatch>> Watch(std::string_view project, ResourceType type);

  // Later calls are kClosed, and watches end. Idempotent.
  void Close() { closed_->store(true); }

 private:
  friend class ResourceWatch;

  struct Listing {
    std::vector<ResourceItem> items;
    std::uint64_t rev = 0;
    std::uint64_t total = 0;
  };

  Result<void> Check(const ResourceKey& key) const;
  std::string Base(std::string_view project, ResourceType type) const;
  std::string Object(const ResourceKey& key) const;
  Result<std::string> PutScript(const ResourceKey& key, std::string_view value,
                                std::string_view condition, std::string_view etag);
  // One call of res_list after a position.
  Result<Rows<ResourceItem>> ReadRows(std::string_view project, ResourceType type,
                                      const std::string& after, std::int64_t count,
                                      bool with_values, Listing& listing);

  store::Store& store_;  // borrowed
  const ResourceStoreOptions options_;
  std::shared_ptr<std::atomic<bool>> closed_ = std::make_shared<std::atomic<bool>>(false);
};

// What happens to the resources of one project and type: first all that are there, as puts, then
// each change once. After a gap, a full buffer or the interval the list is read again, and the
// differences come as puts and deletes.
class ResourceWatch {
 public:
  // The next event; empty when none comes within `wait`. Errors: kClosed; those of the store, after
  // which the next call goes on.
  Result<std::optional<ResourceEvent>> Next(std::chrono::milliseconds wait);
  // How often the list was read again because something was lost.
  std::uint64_t resyncs() const { return resyncs_; }
  // Ends a waiting Next, too. Idempotent.
  void Close() { inbox_->Close(); }

 private:
  friend class ResourceStore;
  ResourceWatch(ResourceStore& store, std::string project, ResourceType type,
                std::unique_ptr<Inbox> inbox);

  Result<void> ReadList();
  void Emit(ResourceEvent event);
  // Whether the message fits to what is known; else the list must be read.
  bool Apply(const std::string& payload);

  ResourceStore& store_;  // borrowed
  const std::string project_;
  const ResourceType type_;
  std::unique_ptr<Inbox> inbox_;
  std::shared_ptr<std::atomic<bool>> closed_;
  std::map<std::string, std::string> etags_;  // what was told, by "<id> <version>"
  std::deque<ResourceEvent> ready_;
  std::uint64_t rev_ = 0;
  bool behind_ = true;
  std::int64_t reconcile_at_us_ = 0;
  std::uint64_t resyncs_ = 0;
  bool is_first_ = true;
};

}  // namespace satchel::repos
