#include "resp/command_batch.h"

#include <utility>

namespace satchel::resp {
namespace {

// 64 KB of views; a round of huge commands should not be paid for ever after.
constexpr std::size_t kMaxKeptArguments = 4096;

}  // namespace

void CommandBatch::AddOwned(std::vector<std::string> words) {
  owned_.push_back(std::move(words));
  for (const std::string& word : owned_.back()) AddArgument(word);
  EndCommand();
}

void CommandBatch::Clear() {
  if (args_.capacity() > kMaxKeptArguments) args_ = {};
  if (ends_.capacity() > kMaxKeptArguments) ends_ = {};
  args_.clear();
  ends_.clear();
  if (!owned_.empty()) owned_.clear();
}

}  // namespace satchel::resp
