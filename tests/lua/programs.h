// Random programs in the 5.1 dialect. Every statement stands alone and adds to the output what
// it computed or how it failed, so that statements can be left out to make a program short.

#pragma once

#include <string>
#include <vector>

#include "base/random.h"

namespace satchel::lua {

struct Program {
  std::vector<std::string> statements;
  bool uses_keys = false;  // calls commands: the keyspace is emptied before

  std::string Text() const;
};

class ProgramGenerator {
 public:
  explicit ProgramGenerator(std::uint64_t seed) : random_(seed) {}

  Program Next();

 private:
  std::size_t Below(std::size_t bound) { return random_.Below(bound); }
  bool Chance(int percent) { return Below(100) < static_cast<std::size_t>(percent); }
  template <std::size_t kCount>
  std::string Pick(const char* const (&choices)[kCount]) {
    return choices[Below(kCount)];
  }

  std::string Shown(const std::string& expression);  // P(pcall(function() return ... end))
  std::string Number();
  std::string Text();
  std::string Simple();
  std::string Value(int depth);
  std::string Condition(int depth);
  std::string Table(int depth);
  std::string Arguments(int count);
  std::string Pattern();
  std::string Subject();
  std::string Format();
  std::string Json(int depth);

  std::string Expressions();
  std::string Loop();
  std::string Strings();
  std::string Patterns();
  std::string Formats();
  std::string Tables();
  std::string Sort();
  std::string Coroutines();
  std::string Errors();
  std::string Metatables();
  std::string Basics();
  std::string Mathematics();
  std::string JsonTrips();
  std::string Commands();
  std::string Resp3();
  std::string Syntax();
  std::string Varargs();
  std::string Order();

  Random random_;
};

}  // namespace satchel::lua
