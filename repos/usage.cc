#include "repos/usage.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/text.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/rfc3339.h"

namespace satchel::repos {
namespace {

using nlohmann::json;

using EntryKey = std::tuple<std::string, std::string, std::string>;
using Entries = std::map<EntryKey, json>;

Error Wrong(std::string_view reason) { return Invalid("usage", reason); }

// Text of a field; "" when it is absent or null. Empty when it is something else.
std::optional<std::string> TextOf(const json& entry, const char* name) {
  const auto at = entry.find(name);
  if (at == entry.end() || at->is_null()) return "";
  if (!at->is_string()) return std::nullopt;
  return at->get<std::string>();
}

bool IsTime(std::string_view name) { return name == "captured_at" || name == "updated_at"; }

// Unix ms of a time, an RFC 3339 text or an integer.
std::optional<std::int64_t> TimeOf(const json& value) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_string()) return ParseRfc3339(value.get_ref<const std::string&>());
  return std::nullopt;
}

Result<void> AddAgents(std::set<std::string>& agents, const json& value) {
  if (value.is_null()) return {};
  if (!value.is_array()) return Wrong("agent_ids must be an array");
  for (const json& agent : value) {
    if (!agent.is_string()) return Wrong("agent_ids must be texts");
    const std::string trimmed(Trim(agent.get_ref<const std::string&>()));
    if (!trimmed.empty()) agents.insert(trimmed);
  }
  return {};
}

Result<void> AddCounter(json& sum, const std::string& name, const json& value) {
  if (value.is_null()) {
    if (!sum.contains(name)) sum[name] = nullptr;
    return {};
  }
  if (!value.is_number_integer()) return Wrong("a counter must be an integer of 64 bits");
  const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= INT64_MAX
                                               : value.get<std::int64_t>() >= 0;
  if (!fits) return Wrong("a counter is negative or too large");
  const auto more = value.get<std::int64_t>();
  const auto at = sum.find(name);
  const std::int64_t before = at == sum.end() || at->is_null() ? 0 : at->get<std::int64_t>();
  if (before > INT64_MAX - more) return Wrong("a counter is too large");
  sum[name] = before + more;
  return {};
}

Result<void> AddTime(json& sum, const std::string& name, const json& value) {
  if (value.is_null()) return {};
  const auto time = TimeOf(value);
  if (!time) return Wrong("a time is none");
  const auto at = sum.find(name);
  if (at == sum.end()) {
    sum[name] = value;
    return {};
  }
  const std::int64_t before = TimeOf(*at).value_or(0);
  if (name == "captured_at" ? *time < before : *time > before) *at = value;
  return {};
}

Result<void> AddEntry(Entries& entries, const json& entry) {
  if (!entry.is_object()) return Wrong("an entry must be an object");
  EntryKey key;
  json named;
  const auto read = [&](const char* name, std::string& part) -> bool {
    const auto text = TextOf(entry, name);
    if (!text) return false;
    named[name] = std::string(Trim(*text));
    part = ToLower(Trim(*text));
    return true;
  };
  if (!read("provider", std::get<0>(key)) || !read("model", std::get<1>(key)) ||
      !read("source", std::get<2>(key))) {
    return Wrong("provider, model and source must be texts");
  }
  if (std::get<0>(key).empty() || std::get<1>(key).empty()) {
    return Wrong("provider and model must not be blank");
  }
  json& sum = entries.emplace(key, named).first->second;
  std::set<std::string> agents;
  if (sum.contains("agent_ids")) SATCHEL_TRY(AddAgents(agents, sum["agent_ids"]));
  std::int64_t total_before = 0;
  if (const auto at = sum.find("total_tokens"); at != sum.end() && at->is_number_integer()) {
    total_before = at->get<std::int64_t>();
  }
  for (const auto& [name, value] : entry.items()) {
    if (name == "provider" || name == "model" || name == "source") continue;
    if (name == "agent_ids") {
      SATCHEL_TRY(AddAgents(agents, value));
    } else if (IsTime(name)) {
      SATCHEL_TRY(AddTime(sum, name, value));
    } else {
      SATCHEL_TRY(AddCounter(sum, name, value));
    }
  }
  if (!agents.empty()) sum["agent_ids"] = agents;
  // An entry that does not say its total has that of its parts.
  const auto part = [&](const char* name) {
    const auto at = entry.find(name);
    return at == entry.end() || at->is_null() ? 0 : at->get<std::int64_t>();
  };
  if (part("total_tokens") == 0 && (part("prompt_tokens") > 0 || part("completion_tokens") > 0)) {
    if (part("prompt_tokens") > INT64_MAX - part("completion_tokens") ||
        total_before > INT64_MAX - part("prompt_tokens") - part("completion_tokens")) {
      return Wrong("a counter is too large");
    }
    sum["total_tokens"] = total_before + part("prompt_tokens") + part("completion_tokens");
  }
  return {};
}

Result<void> AddAll(Entries& entries, std::string_view text) {
  SATCHEL_TRY(CheckJson("usage", text));
  json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_object() && document.size() == 1 && document.contains("entries")) {
    document = json(document["entries"]);
  }
  if (!document.is_array()) return Wrong("must be an array of entries");
  for (const json& entry : document) SATCHEL_TRY(AddEntry(entries, entry));
  return {};
}

std::string Text(const Entries& entries) {
  json all = json::array();
  for (const auto& [key, entry] : entries) all.push_back(entry);
  return all.dump();
}

}  // namespace

Result<std::string> NormalUsage(std::string_view text) {
  Entries entries;
  SATCHEL_TRY(AddAll(entries, text));
  return Text(entries);
}

Result<std::string> MergeUsage(const std::optional<std::string>& old_json, std::string_view text) {
  Entries entries;
  if (old_json) SATCHEL_TRY(AddAll(entries, *old_json));
  SATCHEL_TRY(AddAll(entries, text));
  return Text(entries);
}

Result<bool> IsEmptyUsage(std::string_view text) {
  Entries entries;
  SATCHEL_TRY(AddAll(entries, text));
  return entries.empty();
}

}  // namespace satchel::repos
