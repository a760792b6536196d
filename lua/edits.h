// Edits: changes of a source text, collected while it is parsed and applied at once.
//
// At one offset come first the closers of what ends there, inner ones first, then the openers of
// what begins there, outer ones first, then the replacement of the bytes that follow. An inner
// part is parsed, and so recorded, before the outer one.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace satchel::lua {

class Edits {
 public:
  void Open(std::size_t at, std::string text) { Add(Kind::kOpener, at, at, std::move(text)); }
  // Returns a mark for Drop.
  std::size_t Close(std::size_t at, std::string text) {
    Add(Kind::kCloser, at, at, std::move(text));
    return edits_.size() - 1;
  }
  // Replaced ranges do not overlap.
  void Replace(std::size_t begin, std::size_t end, std::string text) {
    Add(Kind::kReplacement, begin, end, std::move(text));
  }
  void Drop(std::size_t mark) { edits_[mark].dropped = true; }

  // Where a text would join the word before or after it, a blank is put between.
  std::string Apply(std::string_view source);

 private:
  enum class Kind : std::uint8_t { kCloser, kOpener, kReplacement };
  struct Edit {
    std::size_t begin;
    std::size_t end;
    Kind kind;
    bool dropped;
    std::uint32_t sequence;
    std::string text;
  };
  void Add(Kind kind, std::size_t begin, std::size_t end, std::string text) {
    edits_.push_back(
        {begin, end, kind, false, static_cast<std::uint32_t>(edits_.size()), std::move(text)});
  }

  std::vector<Edit> edits_;
};

}  // namespace satchel::lua
