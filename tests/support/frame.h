// Frame: one RESP2 or RESP3 reply exactly as it came over the wire. Deliberately a reader of
// its own, so that a mistake in the product's decoder cannot hide itself.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace satchel::oracle {

struct Frame {
  // The type byte of the wire, or kBroken with a text of ours (closed, timeout, not RESP).
  char type = kBroken;
  bool null = false;  // $-1 and *-1
  std::string text;   // scalars: the bytes after the type, or the content of a bulk
  std::vector<Frame> items;

  static constexpr char kBroken = '?';

  bool is_aggregate() const { return type == '*' || type == '%' || type == '~' || type == '>'; }
  bool operator==(const Frame&) const = default;
};

// Reads one frame from the front of `bytes` and removes it. Empty when more bytes are needed.
// What is not RESP becomes a kBroken frame that swallows the rest.
std::optional<Frame> TakeFrame(std::string& bytes);

// One line, binary-safe, no longer than about `limit` bytes.
std::string Describe(const Frame& frame, std::size_t limit = 600);

// Whether a scalar anywhere in the frame has this text.
bool Contains(const Frame& frame, std::string_view text);

// How two replies are compared; the words of the line format.
struct Comparison {
  bool unordered = false;   // aggregates as multisets; maps by pair
  bool pairs = false;       // flat arrays of scalars as multisets of pairs
  bool types = false;       // types and counts, not contents
  bool error_code = false;  // of errors the first word only
  std::optional<std::int64_t> near;
};

bool Same(const Frame& a, const Frame& b, const Comparison& comparison);

// Path and both values of the first difference of two frames that were to be equal.
std::string FirstDifference(const Frame& a, const Frame& b);

}  // namespace satchel::oracle
