// COMMAND DOCS: of every command that both servers know, all but the words of the summary and of
// the complexity are the same.

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

// The docs of commands and subcommands by full name, without what is in our own words.
void Collect(const Frame& commands, std::map<std::string, Frame>* found) {
  for (std::size_t i = 0; i + 1 < commands.items.size(); i += 2) {
    const Frame& docs = commands.items[i + 1];
    Frame& kept = (*found)[commands.items[i].text];
    kept.type = docs.type;
    for (std::size_t field = 0; field + 1 < docs.items.size(); field += 2) {
      const std::string& name = docs.items[field].text;
      if (name == "summary" || name == "complexity" || name == "subcommands") continue;
      kept.items.push_back(docs.items[field]);
      kept.items.push_back(docs.items[field + 1]);
    }
    if (const Frame* subcommands = Field(docs, "subcommands")) Collect(*subcommands, found);
  }
}

std::map<std::string, Frame> DocsOf(ServerProcess& server, int protocol) {
  auto connection = Connection::Open(server.port());
  if (protocol == 3) connection->Call({"HELLO", "3"});
  std::map<std::string, Frame> found;
  Collect(connection->Call({"COMMAND", "DOCS"}), &found);
  return found;
}

TEST(Documentation, OfEveryCommandTheFieldsAreThoseOfTheReference) {
  auto reference = ServerProcess::Start("redis", RedisCommand);
  ASSERT_TRUE(reference) << reference.error().detail;
  auto subject = StartSubject();
  ASSERT_TRUE(subject) << subject.error().detail;
  for (const int protocol : {2, 3}) {
    const auto expected = DocsOf(**reference, protocol);
    const auto actual = DocsOf(**subject, protocol);
    std::size_t compared = 0;
    for (const auto& [name, docs] : actual) {
      const auto known = expected.find(name);
      if (known == expected.end()) continue;
      EXPECT_EQ(Describe(docs, 4000), Describe(known->second, 4000)) << name;
      ++compared;
    }
    EXPECT_GT(compared, 200u);
  }
}

}  // namespace
}  // namespace satchel::oracle
