#include "server/acl_file.h"

#include "server/file.h"

namespace satchel::server {

Result<std::string> FileOfUsers::Read() {
  return ReadWholeFile(path_, "Error loading ACLs, opening file");
}

Result<void> FileOfUsers::Write(std::string_view text) { return ReplaceFile(path_, text, 0600); }

}  // namespace satchel::server
