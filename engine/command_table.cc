#include "engine/command_table.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace satchel::engine {
namespace {

// Folds ASCII letters to upper case; other bytes that change do no harm, as the names are
// compared afterwards.
std::uint64_t Fold(char c) { return static_cast<unsigned char>(c) & 0xdf; }

}  // namespace

std::uint64_t CommandTable::HashName(std::string_view name) {
  std::uint64_t hash = name.size();
  for (char c : name) hash = (hash ^ Fold(c)) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 32);
}

CommandTable::CommandTable(std::span<const std::span<const Command>> tables) {
  std::size_t count = 0;
  for (auto table : tables) {
    for (const Command& row : table) count += 1 + row.subcommands.size();
  }
  rows_.reserve(count);
  for (auto table : tables) rows_.insert(rows_.end(), table.begin(), table.end());
  const std::size_t top = rows_.size();
  for (std::size_t i = 0; i < top; ++i) {
    const auto subcommands = rows_[i].subcommands;
    const std::size_t first = rows_.size();
    rows_.insert(rows_.end(), subcommands.begin(), subcommands.end());
    rows_[i].subcommands = {rows_.data() + first, subcommands.size()};
    for (std::size_t j = first; j < rows_.size(); ++j) rows_[j].parent = &rows_[i];
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    rows_[i].index = static_cast<std::uint16_t>(i);
    rows_[i].acl_mask = AclMaskOf(rows_[i]);
  }

  std::size_t capacity = 16;
  while (capacity < top * 4) capacity *= 2;
  slots_.resize(capacity);
  for (std::size_t i = 0; i < top; ++i) {
    const Command& row = rows_[i];
    SATCHEL_CHECK(Find(row.name) == nullptr);
    std::uint64_t at = HashName(row.name) & (capacity - 1);
    while (slots_[at].command != nullptr) at = (at + 1) & (capacity - 1);
    slots_[at] = {HashName(row.name), &row};
    all_.push_back(&row);
  }
  std::sort(all_.begin(), all_.end(),
            [](const Command* a, const Command* b) { return a->name < b->name; });
}

const Command* CommandTable::Find(std::string_view name) const {
  const std::uint64_t hash = HashName(name);
  const std::size_t mask = slots_.size() - 1;
  for (std::uint64_t at = hash & mask; slots_[at].command != nullptr; at = (at + 1) & mask) {
    if (slots_[at].hash == hash && EqualIgnoreCase(slots_[at].command->name, name)) {
      return slots_[at].command;
    }
  }
  return nullptr;
}

const Command* CommandTable::FindSubcommand(const Command& container, std::string_view name) {
  for (const Command& row : container.subcommands) {
    if (EqualIgnoreCase(row.name, name)) return &row;
  }
  return nullptr;
}

std::string CommandTable::FullName(const Command& command) {
  if (command.parent == nullptr) return ToLower(command.name);
  return ToLower(command.parent->name) + "|" + ToLower(command.name);
}

}  // namespace satchel::engine
