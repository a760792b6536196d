// FunctionLibraries: the libraries of functions of a store, as those see them who keep them on
// disk: plain texts. Attached to the engine as a service by who can compile them.
// Thread: the one that holds the execution lock.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace satchel::engine {

struct FunctionLibrary {
  std::string name;
  std::string code;  // whole, with the line that names it

  bool operator==(const FunctionLibrary&) const = default;
};

class FunctionLibraries {
 public:
  virtual ~FunctionLibraries() = default;

  // In order of name.
  virtual std::vector<FunctionLibrary> All() const = 0;
  // Takes these for those there are. kCorrupt when one does not compile: then nothing changed.
  virtual Result<void> Replace(std::span<const FunctionLibrary> libraries) = 0;
};

}  // namespace satchel::engine
