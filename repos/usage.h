// Usage: what models were asked how much, as JSON: an array of entries
//   {"provider", "model", "source", counters..., "agent_ids", "captured_at", "updated_at"}
// one for each provider, model and source, compared without case. Every other field is a counter:
// an integer of 64 bits that is not negative, or null.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::repos {

// The stable form: an array or {"entries": [...]} becomes an array, entries of one key are merged
// and sorted. Errors: kInvalidArgument (usage): another shape, a blank provider or model, a counter
// that is negative or no integer.
Result<std::string> NormalUsage(std::string_view json);

// The sum. Counters are added exactly (kInvalidArgument on overflow); null counts as 0 and stays
// null if both are; total_tokens is prompt_tokens + completion_tokens when it is 0; agent ids are
// united, trimmed and sorted; captured_at is the earliest, updated_at the latest. Entries are
// sorted by provider, model and source.
Result<std::string> MergeUsage(const std::optional<std::string>& old_json, std::string_view json);

// No entries: merging it changes nothing. Errors: those of NormalUsage.
Result<bool> IsEmptyUsage(std::string_view json);

}  // namespace satchel::repos
