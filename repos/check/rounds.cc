#include "repos/check/rounds.h"

#include <utility>

namespace satchel::repos::check {

void Rounds::Ask(const std::vector<store::CommandLine>& lines, Then then) {
  for (const store::CommandLine& line : lines) batch_.Add(line);
  questions_.push_back({lines.size(), std::move(then)});
}

void Rounds::AskScript(std::string_view name, std::span<const std::string> keys,
                       std::span<const std::string> args, Then then) {
  batch_.AddScript(name, keys, args);
  questions_.push_back({1, std::move(then)});
}

Result<void> Rounds::Run(store::Store& store) {
  while (!questions_.empty()) {
    const Batch batch = std::exchange(batch_, {});
    const std::vector<Question> questions = std::exchange(questions_, {});
    auto results = batch.Send(store);
    std::size_t next = 0;
    for (const Question& question : questions) {
      Replies replies;
      for (std::size_t i = 0; i < question.replies; ++i) {
        Result<ReplyValue>& result = results[next++];
        if (result) {
          replies.push_back(std::move(*result));
          continue;
        }
        const ErrorCode code = result.error().code;
        if (code != ErrorCode::kWrongType && code != ErrorCode::kReplyError) {
          return std::move(result.error());
        }
        replies.push_back(ReplyValue::Error(result.error().detail));
      }
      question.then(replies);
    }
  }
  return {};
}

}  // namespace satchel::repos::check
