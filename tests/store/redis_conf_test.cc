#include "store/config/redis_conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/config/conf_rewrite.h"
#include "store/config/text.h"
#include "tests/store/working_dir.h"

namespace satchel::store {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class ConfTest : public WorkingDirTest {
 protected:
  static LoadedConfig Load(const std::string& text, std::vector<FlagValue> flags = {}) {
    Write("redis.conf", text);
    return ReadConfig(
        {.program = Program::kServe, .flags = std::move(flags), .redis_conf = "redis.conf"});
  }
  static std::vector<std::string> Lines(const LoadedConfig& loaded) {
    std::vector<std::string> lines;
    for (const Finding& finding : loaded.findings) lines.push_back(finding.ToString());
    return lines;
  }
  static std::string Value(const LoadedConfig& loaded, std::string_view name) {
    for (const Parameter& parameter : loaded.config.parameters) {
      if (parameter.name == name) return parameter.text;
    }
    return "(none)";
  }
};

TEST_F(ConfTest, DirectivesBecomeKeysAndParameters) {
  const auto loaded = Load(
      "# a comment\n"
      "\n"
      "  PORT 7000  \n"
      "bind 127.0.0.1 -::1\n"
      "unixsocket /run/s\n"
      "unixsocketperm 770\n"
      "timeout 30\n"
      "loglevel notice\n"
      "maxmemory 100mb\n"
      "maxclients 50\n"
      "hash-max-ziplist-entries 7\n");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  const ListenConfig& listen = loaded.config.listen;
  EXPECT_EQ(listen.port, 7000);
  EXPECT_THAT(listen.address, ElementsAre("127.0.0.1", "-::1"));
  EXPECT_EQ(listen.unix_socket, "/run/s");
  EXPECT_EQ(listen.unix_socket_mode, 0770);
  EXPECT_EQ(listen.idle_timeout, std::chrono::seconds(30));
  EXPECT_EQ(listen.max_clients, 50);
  EXPECT_EQ(Value(loaded, "maxmemory"), "100mb");
  EXPECT_EQ(Value(loaded, "hash-max-listpack-entries"), "7");
  EXPECT_EQ(loaded.config.origin("listen.port").ToString(), "file redis.conf:3");
}

TEST_F(ConfTest, FlagsCountMoreThanTheFile) {
  const auto loaded = Load("port 7000\nsave 900 1\n",
                           {{"--port", "7001"}, {"--persistence-snapshot-interval", "1m"}});
  EXPECT_EQ(loaded.config.listen.port, 7001);
  EXPECT_EQ(Value(loaded, "save"), "(none)");
}

TEST_F(ConfTest, QuotesAreThoseOfRedis) {
  const auto loaded = Load("requirepass \"a \\\"b\\x41\\n\"\nunixsocket '/tmp/it\\'s'\n");
  EXPECT_EQ(loaded.config.listen.password, "a \"bA\n");
  EXPECT_EQ(loaded.config.listen.unix_socket, "/tmp/it's");
  EXPECT_THAT(Lines(Load("requirepass \"open\n")),
              ElementsAre("unbalanced quotes in a line   [file redis.conf:1]"));
}

TEST_F(ConfTest, TheLastLineCounts) { EXPECT_EQ(Load("port 1\nport 2\n").config.listen.port, 2); }

TEST_F(ConfTest, SavePointsAddUpAndAnEmptyOneTakesThemBack) {
  EXPECT_EQ(Value(Load("save 900 1\nsave 300 10 60 100\n"), "save"), "900 1 300 10 60 100");
  EXPECT_EQ(Value(Load("save 900 1\nsave \"\"\nsave 60 5\n"), "save"), "60 5");
  EXPECT_EQ(Value(Load("port 1\n"), "save"), "3600 1 300 100 60 10000");
}

TEST_F(ConfTest, WithoutSavePointsTheEndSavesNothing) {
  const auto loaded = Load("save \"\"\n");
  EXPECT_EQ(Value(loaded, "save"), "");
  EXPECT_FALSE(loaded.config.persistence.snapshot_on_shutdown);
  EXPECT_TRUE(Load("save 60 1\n").config.persistence.snapshot_on_shutdown);
}

TEST_F(ConfTest, AnAppendOnlyFileIsRefusedByName) {
  EXPECT_THAT(Lines(Load("appendonly yes\n")),
              ElementsAre(AllOf(StartsWith("appendonly: \"yes\": "),
                                HasSubstr("not available in this version"),
                                HasSubstr("use appendonly no"), HasSubstr("redis.conf:1"))));
  EXPECT_THAT(Lines(Load("appendonly no\n")), IsEmpty());
}

TEST_F(ConfTest, WhatWouldBeDangerousToIgnoreIsRefused) {
  for (const char* line :
       {"replicaof 10.0.0.1 6379", "slaveof 10.0.0.1 6379", "cluster-enabled yes", "masterauth x",
        "tls-port 6380", "tls-cert-file x.pem", "rename-command FLUSHALL \"\"",
        "loadmodule /lib/m.so", "min-replicas-to-write 1", "shutdown-on-sigterm nosave"}) {
    const auto loaded = Load(std::string("port 7000\n") + line + "\n");
    EXPECT_FALSE(loaded.ok()) << line;
    EXPECT_THAT(Lines(loaded), ElementsAre(HasSubstr("[file redis.conf:2]"))) << line;
  }
}

TEST_F(ConfTest, TheSameSwitchedOffIsNot) {
  EXPECT_THAT(Lines(Load("replicaof no one\ncluster-enabled no\ntls-port 0\n"
                         "min-replicas-to-write 0\nshutdown-on-sigterm default\n")),
              IsEmpty());
}

TEST_F(ConfTest, WhatIsIgnoredIsNamedOncePerLine) {
  const auto loaded = Load("daemonize yes\npidfile /run/p\nsupervised systemd\nrepl-timeout 60\n");
  EXPECT_TRUE(loaded.ok());
  EXPECT_THAT(Lines(loaded), AllOf(SizeIs(4), Each(HasSubstr(": ignored: "))));
}

TEST_F(ConfTest, AnUnknownDirectiveSuggestsTheNearest) {
  EXPECT_THAT(Lines(Load("maxmemory-polcy noeviction\n")),
              ElementsAre("maxmemory-polcy: unknown directive; did you mean maxmemory-policy?   "
                          "[file redis.conf:1]"));
}

TEST_F(ConfTest, AWrongNumberOfArgumentsIsRefused) {
  EXPECT_THAT(Lines(Load("port 1 2\ndir\nsave 900\n")), SizeIs(3));
}

TEST_F(ConfTest, IncludesStandForTheirLines) {
  std::filesystem::create_directory("d");
  Write("d/1.conf", "port 1\nmaxmemory 1\n");
  Write("d/2.conf", "maxmemory 2\nbogus x\n");
  const auto loaded = Load("port 9\ninclude d/*.conf\ninclude none-*.conf\n");
  EXPECT_EQ(loaded.config.listen.port, 1);
  EXPECT_EQ(Value(loaded, "maxmemory"), "2");
  EXPECT_THAT(Lines(loaded), ElementsAre(HasSubstr("[file d/2.conf:2]")));
}

TEST_F(ConfTest, AMissingIncludeIsAnErrorAndACircleEnds) {
  EXPECT_THAT(Lines(Load("include gone.conf\n")),
              ElementsAre(AllOf(HasSubstr("gone.conf"), HasSubstr("redis.conf:1"))));
  EXPECT_THAT(Lines(Load("include redis.conf\n")), ElementsAre(HasSubstr("too deep")));
}

TEST_F(ConfTest, FilesAreNamedFromDir) {
  std::filesystem::create_directory("data");
  const auto loaded = Load("dir data\nunixsocket s\nlogfile /var/log/l\n");
  EXPECT_EQ(loaded.config.listen.unix_socket, "data/s");
  EXPECT_EQ(loaded.config.log.file, "/var/log/l");
  EXPECT_EQ(loaded.config.persistence.data_dir, "data/satchel-data");
}

TEST_F(ConfTest, DataOfRedisThatWouldNotBeReadIsRefused) {
  std::filesystem::create_directory("data");
  Write("data/dump.rdb", "REDIS0010");
  EXPECT_THAT(Lines(Load("dir data\n")), ElementsAre(HasSubstr("\"data/dump.rdb\" holds data")));
  EXPECT_TRUE(Load("dir data\n", {{"--data-dir", "elsewhere"}}).ok());
  EXPECT_TRUE(Load("dir data\n", {{"--in-memory", ""}}).ok());
  std::filesystem::create_directory("data/satchel-data");
  EXPECT_TRUE(Load("dir data\n").ok());
}

TEST_F(ConfTest, WithoutABindLineOnlyAGuardedServerIsOpen) {
  EXPECT_THAT(Load("port 1\n").config.listen.address, ElementsAre("127.0.0.1"));
  EXPECT_THAT(Load("requirepass x\n").config.listen.address, ElementsAre("*", "-::*"));
  EXPECT_FALSE(Load("bind 0.0.0.0\n").ok());
  EXPECT_TRUE(Load("bind 0.0.0.0\nuser default on >x ~* &* +@all\n").ok());
}

TEST_F(ConfTest, AnotherConfigurationFileBesideItIsRefused) {
  Write("redis.conf", "port 1\n");
  Write("s.json", "{}");
  const auto loaded = ReadConfig({.file = "s.json", .redis_conf = "redis.conf"});
  EXPECT_THAT(Lines(loaded), ElementsAre(HasSubstr("are both given; keep one")));
}

TEST_F(ConfTest, PasswordsAreNotShown) {
  const auto loaded = Load("requirepass sesame\nuser bob on >sesame ~* +@all\n");
  EXPECT_THAT(FormatShow(loaded.config), testing::Not(HasSubstr("sesame")));
}

TEST(ConfRewrite, KeepsAllThatDidNotChange) {
  const std::string text = "# about\n\nport 7000\n  daemonize yes\nmaxmemory 1mb\nbogus x\n";
  const ConfChange changes[] = {{.names = {"maxmemory"}, .lines = {"maxmemory 5"}}};
  EXPECT_EQ(RewriteConf(text, changes),
            "# about\n\nport 7000\n  daemonize yes\nmaxmemory 5\nbogus x\n");
  EXPECT_EQ(RewriteConf(text, {}), text);
}

TEST(ConfRewrite, ADirectiveOfSeveralLinesTakesThePlaceOfItsFirst) {
  const ConfChange changes[] = {{.names = {"save"}, .lines = ConfLines("save", "60 1 30 2")}};
  EXPECT_EQ(RewriteConf("save 900 1\nport 1\nSAVE 300 10\n", changes),
            "save 60 1\nsave 30 2\nport 1\n");
}

TEST(ConfRewrite, OtherNamesAreTheSameDirective) {
  const ConfChange changes[] = {
      {.names = {"hash-max-listpack-entries", "hash-max-ziplist-entries"}, .lines = {"h 1"}}};
  EXPECT_EQ(RewriteConf("hash-max-ziplist-entries 5\n", changes), "h 1\n");
}

TEST(ConfRewrite, NewOnesFollowASignatureThatIsWrittenOnce) {
  const ConfChange first[] = {{.names = {"hz"}, .lines = {"hz 20"}}};
  const std::string once = RewriteConf("port 1\n", first);
  EXPECT_EQ(once, "port 1\n# Generated by CONFIG REWRITE\nhz 20\n");
  const ConfChange second[] = {{.names = {"timeout"}, .lines = {"timeout 3"}}};
  EXPECT_EQ(RewriteConf(once, second), once + "timeout 3\n");
}

TEST(ConfRewrite, ValuesAreQuotedWhereTheyMustBe) {
  EXPECT_THAT(ConfLines("requirepass", "a b\"\n"), ElementsAre("requirepass \"a b\\\"\\n\""));
  EXPECT_THAT(ConfLines("notify-keyspace-events", ""), ElementsAre("notify-keyspace-events \"\""));
  EXPECT_THAT(ConfLines("save", ""), ElementsAre("save \"\""));
  EXPECT_THAT(ConfLines("bind", "127.0.0.1 -::1"), ElementsAre("bind 127.0.0.1 -::1"));
  EXPECT_THAT(ConfLines("client-output-buffer-limit", "normal 0 0 0 slave 1 2 3"),
              ElementsAre("client-output-buffer-limit normal 0 0 0",
                          "client-output-buffer-limit slave 1 2 3"));
}

}  // namespace
}  // namespace satchel::store
