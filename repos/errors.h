// Errors of repositories, each made in one place.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::repos {

// kInvalidArgument; `field` is its subject.
Error Invalid(std::string_view field, std::string_view reason);
// A typed absence: `code` with the id as its subject, which its text does not repeat.
Error Absent(ErrorCode code, std::string_view kind, std::string_view id);
// kAlreadyExists; `field` is its subject.
Error Taken(std::string_view field);
// kCorrupt: stored bytes of this kind of key do not parse.
Error Corrupt(std::string_view kind, std::string_view reason);
// kProtocol: a script's reply has another shape than the script says.
Error Unexpected();
// kTooLarge or kCapacityExceeded; the limit's name is its subject.
Error OverLimit(ErrorCode code, std::string_view limit_name, std::uint64_t limit,
                std::uint64_t actual);

}  // namespace satchel::repos
