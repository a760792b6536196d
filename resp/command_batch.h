// CommandBatch: the commands found in one round of reading, of one or of many connections.
// Made once, cleared and filled again, so that a round allocates nothing in the steady state.
//
// Arguments are views: into the read buffers, which must stay as they are while the batch is
// used, or into words the batch owns (inline commands with quotes).
// Thread: the owner's.

#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace satchel::resp {

class CommandBatch {
 public:
  std::size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }

  // The arguments of command `index`, name first, at least one. The span dies with the next
  // change of the batch.
  std::span<const std::string_view> operator[](std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::span(args_).subspan(begin, ends_[index] - begin);
  }
  std::span<const std::string_view> back() const { return (*this)[size() - 1]; }

  // Adds an argument to the command that EndCommand will complete.
  void AddArgument(std::string_view argument) { args_.push_back(argument); }
  void EndCommand() { ends_.push_back(args_.size()); }
  // Adds a whole command and keeps its words.
  void AddOwned(std::vector<std::string> words);

  // Forgets all commands; keeps memory for a usual round only.
  void Clear();

 private:
  std::vector<std::string_view> args_;
  std::vector<std::size_t> ends_;  // one past each command's last argument
  std::deque<std::vector<std::string>> owned_;
};

}  // namespace satchel::resp
