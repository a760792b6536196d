// Definitions: named JSON documents of a tenant (MCP servers) and what became of each.
//
// Keys: ns:def:{df:T}:items   HASH name -> JSON      ns:def:{df:T}:status  HASH name -> JSON
// Neither has a deadline, ever.
// Atomic: a deletion is one script, all else one command. Cost: one round trip.
// Errors of every method: those of the store, kInvalidArgument (name, JSON). Thread: any.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos {

struct Definition {
  std::string name;
  std::string json;  // the bytes as they were given
};

class Definitions {
 public:
  // `default_status`: JSON, the status of a definition that has none.
  explicit Definitions(store::Store& store, RepoOptions options = {},
                       std::string default_status = "{\"status\":\"unknown\"}");

  // Creates or replaces.
  Result<void> Save(std::string_view name, std::string_view json);
  // Errors: kNotFound.
  Result<std::string> Load(std::string_view name);
  // The item and its status together. Errors: kNotFound.
  Result<void> Delete(std::string_view name);
  // By the bytes of the name.
  Result<std::vector<Definition>> List();
  Result<void> SaveStatus(std::string_view name, std::string_view json);
  // The default status when there is none.
  Result<std::string> LoadStatus(std::string_view name);

 private:
  store::Store& store_;  // borrowed
  const RepoOptions options_;
  const std::string default_status_;
  const std::string items_;
  const std::string status_;
};

}  // namespace satchel::repos
