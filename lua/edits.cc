#include "lua/edits.h"

#include <algorithm>

namespace satchel::lua {
namespace {

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void Append(std::string* out, std::string_view text) {
  if (text.empty()) return;
  if (!out->empty() && IsWord(out->back()) && IsWord(text.front())) *out += ' ';
  *out += text;
}

}  // namespace

std::string Edits::Apply(std::string_view source) {
  std::sort(edits_.begin(), edits_.end(), [](const Edit& a, const Edit& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    if (a.kind != b.kind) return a.kind < b.kind;
    return a.kind == Kind::kOpener ? a.sequence > b.sequence : a.sequence < b.sequence;
  });
  std::string out;
  out.reserve(source.size() + 16 * edits_.size());
  std::size_t copied = 0;
  bool edited = false;  // the source went on without a gap, so words are apart already
  const auto copy = [&](std::string_view text) {
    if (edited) {
      Append(&out, text);
    } else {
      out += text;
    }
    if (!text.empty()) edited = false;
  };
  for (const Edit& edit : edits_) {
    if (edit.dropped) continue;
    copy(source.substr(copied, edit.begin - copied));
    Append(&out, edit.text);
    copied = edit.end;
    edited = !edit.text.empty();  // a backslash dropped from a string leaves nothing
  }
  copy(source.substr(copied));
  return out;
}

}  // namespace satchel::lua
