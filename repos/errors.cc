#include "repos/errors.h"

#include <fmt/format.h>

namespace satchel::repos {
namespace {

Error WithSubject(ErrorCode code, std::string text, std::string_view subject) {
  Error error = MakeError(code, std::move(text));
  error.subject = subject;
  return error;
}

}  // namespace

Error Invalid(std::string_view field, std::string_view reason) {
  return WithSubject(ErrorCode::kInvalidArgument, fmt::format("{}: {}", field, reason), field);
}

Error Absent(ErrorCode code, std::string_view kind, std::string_view id) {
  return WithSubject(code, fmt::format("{}: absent", kind), id);
}

Error Taken(std::string_view field) {
  return WithSubject(ErrorCode::kAlreadyExists, fmt::format("{}: taken", field), field);
}

Error Corrupt(std::string_view kind, std::string_view reason) {
  return MakeError(ErrorCode::kCorrupt, fmt::format("{}: {}", kind, reason));
}

Error Unexpected() { return MakeError(ErrorCode::kProtocol, "a script's reply has no such shape"); }

Error OverLimit(ErrorCode code, std::string_view limit_name, std::uint64_t limit,
                std::uint64_t actual) {
  Error error = WithSubject(
      code, fmt::format("{}: {} is over the limit of {}", limit_name, actual, limit), limit_name);
  error.expected = limit;
  error.actual = actual;
  return error;
}

}  // namespace satchel::repos
