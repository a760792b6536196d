// FileOfUsers: the ACL file, as ACL LOAD, ACL SAVE and the start of a server use it. A line a
// user: "user alice on #HASH ~key* +@read".
// Thread: under the execution lock.

#pragma once

#include <string>

#include "engine/acl.h"

namespace satchel::server {

class FileOfUsers final : public engine::AclFile {
 public:
  explicit FileOfUsers(std::string path) : path_(std::move(path)) {}

  const std::string& path() const override { return path_; }
  // Errors: kIo; more than 64 MB is not read.
  Result<std::string> Read() override;
  // Written beside its place with mode 0600, synced, then put there.
  Result<void> Write(std::string_view text) override;

 private:
  const std::string path_;
};

}  // namespace satchel::server
