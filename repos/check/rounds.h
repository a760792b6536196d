// Rounds: questions to a store that depend on each other, answered in as few round trips as
// there are steps: all questions that are open go out together.

#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "repos/scripts.h"
#include "store/store.h"

namespace satchel::repos::check {

// Of one question, in its order. An error reply of the store is a value of its own (kError).
using Replies = std::vector<ReplyValue>;

class Rounds {
 public:
  using Then = std::function<void(Replies& replies)>;

  // `then` may ask more.
  void Ask(const std::vector<store::CommandLine>& lines, Then then);
  void AskScript(std::string_view name, std::span<const std::string> keys,
                 std::span<const std::string> args, Then then);

  // Until nothing is open. Errors: those of a store that does not answer.
  Result<void> Run(store::Store& store);

 private:
  struct Question {
    std::size_t replies;
    Then then;
  };
  Batch batch_;
  std::vector<Question> questions_;
};

}  // namespace satchel::repos::check
