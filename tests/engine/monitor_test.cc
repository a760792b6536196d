// The text of MONITOR lines, which have a time and an address.

#include "engine/monitor.h"

#include "tests/engine/engine_fixture.h"

namespace satchel::engine {
namespace {

TEST(MonitorLine, ShowsTimeDatabaseAndArguments) {
  Session session(Session::Kind::kInProcess, nullptr);
  session.db = 3;
  const std::string_view args[] = {"set", "k", std::string_view("a\n\r\t\a\b\0\xff\"\\z ", 12)};
  EXPECT_EQ(MonitorLine(session, args, 1'700'000'000'000'123, [](std::size_t) { return false; }),
            "1700000000.000123 [3 in-process] \"set\" \"k\" "
            "\"a\\n\\r\\t\\a\\b\\x00\\xff\\\"\\\\z \"");
}

TEST(MonitorLine, HidesSecretsAndNamesScripts) {
  Session session(Session::Kind::kScript, nullptr);
  const std::string_view args[] = {"auth", "secret"};
  EXPECT_EQ(MonitorLine(session, args, 0, [](std::size_t i) { return i == 1; }),
            "0.000000 [0 lua] \"auth\" \"(redacted)\"");
}

}  // namespace
}  // namespace satchel::engine
