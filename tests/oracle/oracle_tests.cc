// One test per file of command lines and protocol: Oracle/strings.resp2.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/oracle/random_lines.h"
#include "tests/oracle/runner.h"
#include "tests/oracle/script.h"
#include "tests/oracle/subject.h"
#include "tests/support/redis.h"
#include "tests/support/server.h"

namespace satchel::oracle {
namespace {

std::size_t ShownMismatches() { return std::stoul(Environment("SATCHEL_ORACLE_SHOW", "25")); }

// Reasons for a difference must be written down for users.
void CheckReasons(const std::string& file, const std::vector<Line>& lines) {
  std::ifstream in(SATCHEL_ORACLE_COMPAT);
  std::stringstream compat;
  compat << in.rdbuf();
  for (auto& line : lines)
    if (!line.differs.empty() && compat.str().find(line.differs) == std::string::npos)
      ADD_FAILURE_AT(file.c_str(), line.number) << "docs/compat.md does not say: " << line.differs;
}

void CompareServers(const std::string& file, const std::vector<Line>& lines, int protocol) {
  auto reference = ServerProcess::Start("redis", RedisCommand);
  ASSERT_TRUE(reference) << reference.error().detail
                         << "\nThe oracle needs the Debian package redis-server 7.0 (make test "
                            "installs it), or REDIS_SERVER=/path.";
  auto subject = StartSubject();
  ASSERT_TRUE(subject) << subject.error().detail;
  Runner runner(**reference, **subject, protocol, SubjectIsRedis());
  const auto mismatches = runner.Run(lines);
  for (std::size_t i = 0; i < mismatches.size() && i < ShownMismatches(); ++i)
    ADD_FAILURE_AT(file.c_str(), mismatches[i].line) << mismatches[i].text;
  if (mismatches.size() > ShownMismatches())
    ADD_FAILURE() << mismatches.size() - ShownMismatches() << " more differences in " << file;
}

class OracleTest : public testing::Test {
 public:
  OracleTest(std::string file, int protocol) : file_(std::move(file)), protocol_(protocol) {}

  void TestBody() override {
    const auto lines = ReadScript(file_);
    ASSERT_TRUE(lines) << lines.error().detail;
    CheckReasons(file_, *lines);
    CompareServers(file_, *lines, protocol_);
  }

 private:
  std::string file_;
  int protocol_;
};

// Lines drawn at random from the templates. SATCHEL_ORACLE_SEED and SATCHEL_ORACLE_LINES choose
// other ones; a failure shows how to repeat it.
class RandomTest : public testing::Test {
 public:
  explicit RandomTest(int protocol) : protocol_(protocol) {}

  void TestBody() override {
    const std::string seed = Environment("SATCHEL_ORACLE_SEED", "1");
    const std::string count = Environment("SATCHEL_ORACLE_LINES", "3000");
    SCOPED_TRACE("repeat with SATCHEL_ORACLE_SEED=" + seed + " SATCHEL_ORACLE_LINES=" + count);
    const auto lines = RandomLines(kTemplates, std::stoull(seed), std::stoi(count));
    ASSERT_TRUE(lines) << lines.error().detail;
    CompareServers(kTemplates, *lines, protocol_);
  }

 private:
  static constexpr char kTemplates[] = SATCHEL_ORACLE_FILES "/random.templates";
  int protocol_;
};

void RegisterRandom() {
  for (int protocol : {2, 3})
    testing::RegisterTest("Oracle", ("random.resp" + std::to_string(protocol)).c_str(), nullptr,
                          nullptr, __FILE__, __LINE__,
                          [protocol]() -> testing::Test* { return new RandomTest(protocol); });
}

void RegisterFiles() {
  std::vector<std::filesystem::path> files;
  for (auto& entry : std::filesystem::directory_iterator(SATCHEL_ORACLE_FILES))
    if (entry.path().extension() == ".txt" && entry.path().filename() != "CMakeLists.txt")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (auto& file : files)
    for (int protocol : {2, 3})
      testing::RegisterTest(
          "Oracle", (file.stem().string() + ".resp" + std::to_string(protocol)).c_str(), nullptr,
          nullptr, __FILE__, __LINE__, [name = file.string(), protocol]() -> testing::Test* {
            return new OracleTest(name, protocol);
          });
}

}  // namespace
}  // namespace satchel::oracle

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  satchel::oracle::RegisterFiles();
  satchel::oracle::RegisterRandom();
  return RUN_ALL_TESTS();
}
