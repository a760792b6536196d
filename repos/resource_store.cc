#include "repos/resource_store.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/fields.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "repos/scripts.h"

namespace satchel::repos {
namespace {

using Strings = std::vector<std::string>;

constexpr std::string_view kTypeNames[] = {"project", "workflow", "task",   "agent", "tool",
                                           "mcp",     "memory",   "schema", "model", "meta"};
constexpr std::chrono::milliseconds kDefaultInterval = std::chrono::seconds(30);

Error Closed() { return MakeError(ErrorCode::kClosed, "resources: closed"); }

std::string PlaceOf(const ResourceKey& key) { return Escape(key.id) + " " + Escape(key.version); }

Result<ResourceKey> KeyOfPlace(std::string_view project, ResourceType type,
                               std::string_view place) {
  const std::size_t space = place.find(' ');
  if (space == place.npos) return Corrupt("resource index", "a member of another form");
  SATCHEL_ASSIGN(std::string id, Unescape(place.substr(0, space)));
  SATCHEL_ASSIGN(std::string version, Unescape(place.substr(space + 1)));
  return ResourceKey{std::string(project), type, std::move(id), std::move(version)};
}

// Counts as Counted does, and by type.
template <class Body>
auto CountedAs(const RepoOptions& options, const store::Store& store, ResourceOp op,
               ResourceType type, const Body& body) {
  if (options.metrics == nullptr) return body();
  const std::int64_t since = options.clock->Ticks();
  const auto first = static_cast<std::size_t>(RepoOp::kResourcePut);
  const auto as = static_cast<RepoOp>(first + static_cast<std::size_t>(op));
  auto result = Counted(options, store, as, body);
  if (static_cast<std::size_t>(type) >= std::size(kTypeNames)) return result;
  const Meter meter(options, store);
  const std::int64_t took = std::max<std::int64_t>(options.clock->Ticks() - since, 0);
  meter.Add(Family::kResourceOperations, 1, op, type, OutcomeOf(result));
  meter.Observe(Family::kResourceOperationDuration, static_cast<std::uint64_t>(took), op, type);
  if (!result && result.error().code == ErrorCode::kEtagMismatch) {
    meter.Add(Family::kEtagMismatches, 1, type);
  }
  return result;
}

}  // namespace

std::string_view ResourceTypeName(ResourceType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

Result<ResourceType> ParseResourceType(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kTypeNames); ++i) {
    if (kTypeNames[i] == name) return static_cast<ResourceType>(i);
  }
  return Invalid("type", "is no type of resources");
}

ResourceStore::ResourceStore(store::Store& store, ResourceStoreOptions options)
    : store_(store), options_(std::move(options)) {
  SATCHEL_CHECK(CheckRepoOptions(options_.repo).has_value() && options_.watch_buffer > 0);
}

Result<void> ResourceStore::Check(const ResourceKey& key) const {
  if (closed_->load()) return Closed();
  SATCHEL_TRY(CheckComponent("project", key.project));
  if (static_cast<std::size_t>(key.type) >= std::size(kTypeNames)) {
    return Invalid("type", "is no type of resources");
  }
  SATCHEL_TRY(CheckComponent("id", key.id));
  return CheckComponent("version", key.version);
}

std::string ResourceStore::Base(std::string_view project, ResourceType type) const {
  return options_.repo.Base("res", "re", {project, ResourceTypeName(type)});
}

std::string ResourceStore::Object(const ResourceKey& key) const {
  return Base(key.project, key.type) + ":obj:" + Escape(key.id) + ":" + Escape(key.version);
}

Result<std::string> ResourceStore::PutScript(const ResourceKey& key, std::string_view value,
                                             std::string_view condition, std::string_view etag) {
  SATCHEL_TRY(Check(key));
  SATCHEL_ASSIGN(const std::string stable, StableJson("value", value));
  if (stable == "null") return Invalid("value", "must not be null");
  const std::string base = Base(key.project, key.type);
  std::string made = Sha256Hex(stable);
  const Strings keys = {Object(key), base + ":ix", base + ":rev", base + ":clk"};
  const Strings args = {FormatInt(options_.repo.clock->NowMs()),
                        std::string(value),
                        made,
                        std::string(condition),
                        std::string(etag),
                        PlaceOf(key),
                        base + ":ev"};
  SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, "res_put", keys, args));
  if (reply.items.empty()) return Unexpected();
  const std::string& outcome = reply.items[0].text;
  if (outcome == "ok") return made;
  if (outcome == "missing") return Absent(ErrorCode::kNotFound, "resource", key.id);
  if (outcome != "mismatch" || reply.items.size() != 2) return Unexpected();
  Error error = MakeError(ErrorCode::kEtagMismatch, "resource: another ETag");
  error.subject = reply.items[1].text;
  return error;
}

Result<std::string> ResourceStore::Put(const ResourceKey& key, std::string_view value) {
  return CountedAs(options_.repo, store_, ResourceOp::kPut, key.type,
                   [&]() -> Result<std::string> { return PutScript(key, value, "any", ""); });
}

Result<std::string> ResourceStore::PutIfMatch(const ResourceKey& key, std::string_view value,
                                              std::string_view expected_etag) {
  return CountedAs(
      options_.repo, store_, ResourceOp::kPutIfMatch, key.type, [&]() -> Result<std::string> {
        return PutScript(key, value, expected_etag.empty() ? "new" : "etag", expected_etag);
      });
}

Result<Resource> ResourceStore::Get(const ResourceKey& key) {
  return CountedAs(options_.repo, store_, ResourceOp::kGet, key.type, [&]() -> Result<Resource> {
    SATCHEL_TRY(Check(key));
    const std::string object = Object(key);
    SATCHEL_ASSIGN(ReplyValue reply, store_.Run({"HMGET", object, "j", "e"}));
    if (reply.items.size() != 2) return Unexpected();
    if (reply.items[0].is_null() && reply.items[1].is_null()) {
      return Absent(ErrorCode::kNotFound, "resource", key.id);
    }
    if (reply.items[0].is_null() || reply.items[1].is_null()) {
      return Corrupt("resource", "without value or ETag");
    }
    return Resource{std::move(reply.items[0].text), std::move(reply.items[1].text)};
  });
}

Result<bool> ResourceStore::Delete(const ResourceKey& key) {
  return CountedAs(options_.repo, store_, ResourceOp::kDelete, key.type, [&]() -> Result<bool> {
    SATCHEL_TRY(Check(key));
    const std::string base = Base(key.project, key.type);
    const Strings keys = {Object(key), base + ":ix", base + ":rev"};
    const Strings args = {FormatInt(options_.repo.clock->NowMs()), PlaceOf(key), base + ":ev"};
    SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, "res_delete", keys, args));
    return reply.integer == 1;
  });
}

Result<Rows<ResourceItem>> ResourceStore::ReadRows(std::string_view project, ResourceType type,
                                                   const std::string& after, std::int64_t count,
                                                   bool with_values, Listing& listing) {
  const std::string base = Base(project, type);
  const Strings keys = {base + ":ix", base + ":rev"};
  const Strings args = {after, FormatInt(count), base + ":obj:", with_values ? "1" : "0"};
  SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "res_list", keys, args));
  if (reply.items.size() % 3 != 0 || reply.items.size() < 3) return Unexpected();
  Rows<ResourceItem> rows;
  if (!reply.items[0].text.empty()) rows.rest = reply.items[0].text;
  listing.rev = UintOf(reply.items[1]).value_or(0);
  listing.total = UintOf(reply.items[2]).value_or(0);
  for (std::size_t i = 3; i < reply.items.size(); i += 3) {
    std::string& place = reply.items[i].text;
    SATCHEL_ASSIGN(ResourceKey key, KeyOfPlace(project, type, place));
    ReplyValue& value = reply.items[i + 1];
    ReplyValue& etag = reply.items[i + 2];
    Result<Resource> resource = Corrupt("resource", "without value or ETag");
    const bool whole = !etag.is_null() && (!with_values || !value.is_null());
    if (whole) resource = Resource{std::move(value.text), std::move(etag.text)};
    rows.rows.emplace_back(std::move(place), ResourceItem{std::move(key), std::move(resource)});
  }
  return rows;
}

Result<std::vector<ResourceKey>> ResourceStore::List(std::string_view project, ResourceType type) {
  return CountedAs(
      options_.repo, store_, ResourceOp::kList, type, [&]() -> Result<std::vector<ResourceKey>> {
        SATCHEL_TRY(Check({.project = std::string(project), .type = type}));
        Listing listing;
        SATCHEL_ASSIGN(
            auto page,
            CollectPage<ResourceItem>("res", {}, [&](const std::string& after, std::int64_t count) {
              return ReadRows(project, type, after, count, false, listing);
            }));
        std::vector<ResourceKey> keys;
        for (ResourceItem& item : page.items) keys.push_back(std::move(item.key));
        return keys;
      });
}

Result<ResourceItems> ResourceStore::ListWithValues(std::string_view project, ResourceType type,
                                                    const Page& page) {
  return CountedAs(
      options_.repo, store_, ResourceOp::kListValues, type, [&]() -> Result<ResourceItems> {
        SATCHEL_TRY(Check({.project = std::string(project), .type = type}));
        Listing listing;
        SATCHEL_ASSIGN(auto items,
                       CollectPage<ResourceItem>(
                           "res", page, [&](const std::string& after, std::int64_t count) {
                             return ReadRows(project, type, after, count, true, listing);
                           }));
        return ResourceItems{.page = std::move(items), .total = listing.total};
      });
}

Result<std::unique_ptr<ResourceWatch>> ResourceStore::Watch(std::string_view project,
                                                            ResourceType type) {
  return CountedAs(options_.repo, store_, ResourceOp::kWatch, type,
                   [&]() -> Result<std::unique_ptr<ResourceWatch>> {
                     SATCHEL_TRY(Check({.project = std::string(project), .type = type}));
                     SATCHEL_ASSIGN(auto inbox, Inbox::Open(store_, *options_.repo.clock,
                                                            {Base(project, type) + ":ev"}, {},
                                                            options_.watch_buffer));
                     return std::unique_ptr<ResourceWatch>(
                         new ResourceWatch(*this, std::string(project), type, std::move(inbox)));
                   });
}

ResourceWatch::ResourceWatch(ResourceStore& store, std::string project, ResourceType type,
                             std::unique_ptr<Inbox> inbox)
    : store_(store),
      project_(std::move(project)),
      type_(type),
      inbox_(std::move(inbox)),
      closed_(store.closed_) {}

void ResourceWatch::Emit(ResourceEvent event) {
  const std::string place = PlaceOf(event.key);
  if (event.kind == ResourceEvent::Kind::kPut) {
    etags_[place] = event.etag;
  } else {
    etags_.erase(place);
  }
  ready_.push_back(std::move(event));
}

// All that is there now, as the differences to what was told.
Result<void> ResourceWatch::ReadList() {
  ResourceStore::Listing listing;
  std::optional<std::uint64_t> first_rev;
  SATCHEL_ASSIGN(
      auto page,
      CollectPage<ResourceItem>("res", {}, [&](const std::string& after, std::int64_t count) {
        auto rows = store_.ReadRows(project_, type_, after, count, false, listing);
        // Changes between two pieces are told by messages, which count from the first.
        if (!first_rev) first_rev = listing.rev;
        return rows;
      }));
  rev_ = std::max(rev_, first_rev.value_or(0));
  const std::int64_t now_us = store_.options_.repo.clock->NowUs();
  std::map<std::string, std::string> gone = etags_;
  for (ResourceItem& item : page.items) {
    if (!item.resource) continue;
    const std::string place = PlaceOf(item.key);
    gone.erase(place);
    const auto told = etags_.find(place);
    if (told != etags_.end() && told->second == item.resource->etag) continue;
    Emit({.key = std::move(item.key),
          .etag = std::move(item.resource->etag),
          .at_ms = now_us / 1000,
          .rev = rev_});
  }
  for (const auto& [place, etag] : gone) {
    SATCHEL_ASSIGN(ResourceKey key, KeyOfPlace(project_, type_, place));
    Emit({.kind = ResourceEvent::Kind::kDelete,
          .key = std::move(key),
          .etag = etag,
          .at_ms = now_us / 1000,
          .rev = rev_});
  }
  auto interval = store_.options_.reconcile_interval;
  if (interval < std::chrono::seconds(1)) interval = kDefaultInterval;
  reconcile_at_us_ = now_us + std::chrono::microseconds(interval).count();
  behind_ = false;
  return {};
}

bool ResourceWatch::Apply(const std::string& payload) try {
  const auto json = nlohmann::json::parse(payload, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("rev") || !json["rev"].is_number_unsigned()) return false;
  const auto rev = json["rev"].get<std::uint64_t>();
  if (rev <= rev_) return true;  // the list was newer
  if (rev != rev_ + 1) return false;
  const std::string op = json.value("op", "");
  auto key = KeyOfPlace(project_, type_, json.value("key", ""));
  if ((op != "put" && op != "delete") || !key) return false;
  rev_ = rev;
  Emit({.kind = op == "put" ? ResourceEvent::Kind::kPut : ResourceEvent::Kind::kDelete,
        .key = std::move(*key),
        .etag = json.value("etag", ""),
        .at_ms = json.value("at", std::int64_t{0}),
        .rev = rev});
  return true;
} catch (const nlohmann::json::exception&) {
  return false;  // somebody else's message: the list says what is true
}

Result<std::optional<ResourceEvent>> ResourceWatch::Next(std::chrono::milliseconds wait) {
  Clock& clock = *store_.options_.repo.clock;
  const std::int64_t deadline_us = clock.NowUs() + std::chrono::microseconds(wait).count();
  Resync why = Resync::kMissed;  // unless the call that found out was another
  while (true) {
    if (closed_->load()) return Closed();
    if (!ready_.empty()) {
      ResourceEvent event = std::move(ready_.front());
      ready_.pop_front();
      return std::optional(std::move(event));
    }
    if (behind_ || clock.NowUs() >= reconcile_at_us_) {
      if (behind_ && !is_first_) {
        // What waits is older than the list that is read now.
        inbox_->Clear();
        ++resyncs_;
        Meter(store_.options_.repo, store_.store_).Add(Family::kWatchResyncs, 1, why);
      }
      SATCHEL_TRY(ReadList());
      is_first_ = false;
      continue;
    }
    const Inbox::Taken taken = inbox_->Take(std::min(deadline_us, reconcile_at_us_));
    if (taken.gap || taken.dropped > 0) {
      behind_ = true;
      why = taken.gap ? Resync::kGap : Resync::kDropped;
    }
    if (taken.message && !behind_ && !Apply(taken.message->payload)) behind_ = true;
    if (behind_ || taken.message) continue;
    if (taken.is_closed) return Closed();
    if (clock.NowUs() >= deadline_us) return std::optional<ResourceEvent>();
  }
}

}  // namespace satchel::repos
