// COMMAND DOCS: the arguments of every command that both servers know are the same.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/oracle/subject.h"
#include "tests/support/frame.h"
#include "tests/support/redis.h"
#include "tests/support/server.h"

namespace satchel::oracle {
namespace {

// The value of a field in a map, or in a flat array of pairs; null when it has none.
const Frame* Field(const Frame& map, std::string_view name) {
  for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
    if (map.items[i].text == name) return &map.items[i + 1];
  }
  return nullptr;
}

// The arguments of commands and subcommands by full name; those without any have an empty frame.
void Collect(const Frame& commands, std::map<std::string, Frame>* found) {
  for (std::size_t i = 0; i + 1 < commands.items.size(); i += 2) {
    const Frame& docs = commands.items[i + 1];
    const Frame* arguments = Field(docs, "arguments");
    (*found)[commands.items[i].text] = arguments == nullptr ? Frame() : *arguments;
    if (const Frame* subcommands = Field(docs, "subcommands")) Collect(*subcommands, found);
  }
}

std::map<std::string, Frame> ArgumentsOf(ServerProcess& server, int protocol) {
  auto connection = Connection::Open(server.port());
  if (protocol == 3) connection->Call({"HELLO", "3"});
  std::map<std::string, Frame> found;
  Collect(connection->Call({"COMMAND", "DOCS"}), &found);
  return found;
}

TEST(Documentation, ArgumentsOfEveryCommandAreThoseOfTheReference) {
  auto reference = ServerProcess::Start("redis", RedisCommand);
  ASSERT_TRUE(reference) << reference.error().detail;
  auto subject = StartSubject();
  ASSERT_TRUE(subject) << subject.error().detail;
  for (const int protocol : {2, 3}) {
    const auto expected = ArgumentsOf(**reference, protocol);
    const auto actual = ArgumentsOf(**subject, protocol);
    std::size_t compared = 0;
    for (const auto& [name, arguments] : actual) {
      const auto known = expected.find(name);
      if (known == expected.end()) continue;
      EXPECT_EQ(Describe(arguments, 2000), Describe(known->second, 2000)) << name;
      ++compared;
    }
    EXPECT_GT(compared, 200u);
  }
}

}  // namespace
}  // namespace satchel::oracle
