// RawValue: what a source says about one key, before it is known what the key takes. And the
// way from there into a field.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/config/registry.h"

namespace satchel::store {

struct RawValue {
  enum class Kind : std::uint8_t {
    kText,    // of the environment or a flag: any type may be written so
    kString,  // of a file, like the rest
    kNumber,
    kBool,
    kNull,
    kList,
    kOther,  // a list of anything but strings
  };
  Kind kind = Kind::kText;
  std::string text = {};
  std::vector<std::string> items = {};  // kList
  Origin origin = {};
};

// Stores the value in the field; the error says what is allowed, and shows the bad value unless
// it is a secret. An empty enumeration is left alone.
Result<void> Assign(const KeyRow& row, const RawValue& raw, const Field& field);

// The value as text, as the environment would take it.
std::string FieldText(const KeyRow& row, const Field& field);

// "250ms", "5m", "1KiB": the largest unit that divides the value.
std::string DurationText(std::chrono::milliseconds value);
std::string SizeText(std::int64_t bytes);

}  // namespace satchel::store
