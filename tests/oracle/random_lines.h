// Lines of commands drawn at random from a file of templates.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "tests/oracle/script.h"

namespace satchel::oracle {

// A file of templates.
class Templates {
 public:
  static Result<Templates> Read(const std::string& file);

  // One of them with its placeholders filled.
  std::string Draw(Random& random) const;
  // A line of one's own with its placeholders filled.
  static std::string Fill(const std::string& form, Random& random);
  // One word that a placeholder may stand for: K, V, M, S, I or C.
  static std::string DrawWord(char what, Random& random);

 private:
  std::vector<std::string> lines_;
};

// The same lines for the same file, seed and count. A line's number is its place in the run,
// from 1.
Result<std::vector<Line>> RandomLines(const std::string& file, std::uint64_t seed, int count);

}  // namespace satchel::oracle
