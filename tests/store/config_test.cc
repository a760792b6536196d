#include "store/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "store/config/raw_value.h"
#include "store/config/registry.h"
#include "store/config/text.h"
#include "tests/golden.h"
#include "tests/store/working_dir.h"

namespace satchel::store {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Configuration : public WorkingDirTest {
 protected:
  LoadedConfig File(const std::string& text) {
    Write("satchel.json", text);
    return ReadConfig({});
  }
  static LoadedConfig Environment(std::map<std::string, std::string> variables) {
    return ReadConfig({.environment = std::move(variables)});
  }
  static LoadedConfig WithFlags(std::vector<FlagValue> flags, Program program = Program::kLibrary) {
    return ReadConfig({.program = program, .flags = std::move(flags)});
  }
  static std::vector<std::string> Lines(const LoadedConfig& loaded) {
    std::vector<std::string> lines;
    for (const Finding& finding : loaded.findings) lines.push_back(finding.ToString());
    return lines;
  }
  static std::string OneLine(const LoadedConfig& loaded) {
    const auto lines = Lines(loaded);
    return lines.size() == 1 ? lines[0] : testing::PrintToString(lines);
  }
};

TEST_F(Configuration, WithoutAnySourceAllIsStandaloneAndInMemory) {
  const LoadedConfig loaded = ReadConfig({});
  EXPECT_THAT(Lines(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.mode, Mode::kStandalone);
  EXPECT_EQ(loaded.config.EffectiveMode(Component::kStore), Mode::kStandalone);
  EXPECT_FALSE(loaded.config.persistence.enabled);
  EXPECT_EQ(loaded.config.persistence.durability, Durability::kNone);
  EXPECT_FALSE(loaded.config.listen.enabled);
  EXPECT_EQ(loaded.config.key_prefix, "satchel");
  EXPECT_EQ(loaded.config.distributed.timeout.read, milliseconds(3000));
}

TEST_F(Configuration, TheServerListensAndKeepsItsDataByDefault) {
  const LoadedConfig loaded = ReadConfig({.program = Program::kServe});
  EXPECT_THAT(Lines(loaded), IsEmpty());
  EXPECT_TRUE(loaded.config.listen.enabled);
  EXPECT_EQ(loaded.config.listen.port, 6379);
  EXPECT_TRUE(loaded.config.persistence.enabled);
  EXPECT_EQ(loaded.config.persistence.data_dir, "satchel-data");
  EXPECT_EQ(loaded.config.persistence.durability, Durability::kSnapshot);
}

TEST_F(Configuration, ALibraryWithADataDirectoryKeepsItsData) {
  const LoadedConfig loaded = File(R"({"persistence": {"data_dir": "d"}})");
  EXPECT_TRUE(loaded.config.persistence.enabled);
  EXPECT_EQ(loaded.config.persistence.durability, Durability::kSnapshot);
}

TEST_F(Configuration, InMemoryTurnsPersistenceOff) {
  const LoadedConfig loaded = WithFlags({{"--in-memory", ""}}, Program::kServe);
  EXPECT_THAT(Lines(loaded), IsEmpty());
  EXPECT_FALSE(loaded.config.persistence.enabled);
  EXPECT_EQ(loaded.config.persistence.durability, Durability::kNone);
}

TEST_F(Configuration, DurabilityNoneAloneTurnsPersistenceOff) {
  const LoadedConfig loaded = WithFlags({{"--durability", "none"}}, Program::kServe);
  EXPECT_THAT(Lines(loaded), IsEmpty());
  EXPECT_FALSE(loaded.config.persistence.enabled);
}

TEST_F(Configuration, EveryComponentWithDefaultConfigFollowsTheGlobalMode) {
  for (const char* mode : {"standalone", "distributed"}) {
    const LoadedConfig loaded =
        Environment({{"SATCHEL_MODE", mode}, {"SATCHEL_DISTRIBUTED__SEEDS", "localhost:1"}});
    ASSERT_THAT(Lines(loaded), IsEmpty());
    for (std::size_t i = 0; i < kComponents; ++i) {
      EXPECT_EQ(ModeName(loaded.config.EffectiveMode(static_cast<Component>(i))), mode);
    }
  }
}

TEST_F(Configuration, AnOverrideWinsForEachComponent) {
  for (std::size_t i = 0; i < kComponents; ++i) {
    const auto component = static_cast<Component>(i);
    const std::string key = std::string(ComponentName(component)) + ".mode";
    LoadedConfig loaded = Environment(
        {{EnvironmentName(key), "distributed"}, {"SATCHEL_DISTRIBUTED__SEEDS", "localhost:1"}});
    for (std::size_t j = 0; j < kComponents; ++j) {
      const Mode expected = i == j ? Mode::kDistributed : Mode::kStandalone;
      EXPECT_EQ(loaded.config.EffectiveMode(static_cast<Component>(j)), expected) << key << j;
    }
  }
}

TEST_F(Configuration, AComponentDoesNotInheritFromTheStore) {
  const LoadedConfig loaded =
      File(R"({"mode": "", "store": {"mode": "distributed"}, "distributed": {"seeds": ["h:1"]}})");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.EffectiveMode(Component::kAuth), Mode::kStandalone);
}

TEST_F(Configuration, ModesAreTrimmedAndCaseFolded) {
  const LoadedConfig loaded = File("{\"mode\": \"  StandAlone\\t\"}");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.mode, Mode::kStandalone);
}

TEST_F(Configuration, EachKnownWrongWordNamesItsFix) {
  const std::pair<std::string, std::string> words[] = {
      {"memory", "use \"standalone\" with persistence.enabled = false"},
      {"persistent", "persistence.data_dir"},
      {"embedded", "use \"standalone\""},
      {"remote", "use \"distributed\" and set distributed.seeds"},
      {"redis", "use \"distributed\" and set distributed.seeds"},
      {"cluster", "use \"distributed\" and set distributed.topology = \"cluster\""},
      {"sentinel", "distributed.sentinel.master_name"},
  };
  for (const auto& [word, fix] : words) {
    EXPECT_THAT(OneLine(Environment({{"SATCHEL_MEMORY__MODE", word}})),
                AllOf(HasSubstr("memory.mode: \"" + word + "\" is not a mode"), HasSubstr(fix)));
  }
}

TEST_F(Configuration, AWrongModeNamesFileAndLine) {
  EXPECT_EQ(OneLine(File("{\n  \"memory\": {\n    \"mode\": \"cluster\"\n  }\n}\n")),
            "memory.mode: \"cluster\" is not a mode (allowed: standalone, distributed, or empty to "
            "inherit); use \"distributed\" and set distributed.topology = \"cluster\"   "
            "[file satchel.json:3]");
}

TEST_F(Configuration, WorkflowAndTaskInDifferentModesAreRefused) {
  EXPECT_THAT(OneLine(File(R"({"task": {"mode": "distributed"},
                               "distributed": {"seeds": ["localhost:1"]}})")),
              AllOf(HasSubstr("task.mode: workflow is standalone and task is distributed"),
                    HasSubstr("or neither")));
}

TEST_F(Configuration, DistributedWithoutAnAddressIsRefused) {
  EXPECT_EQ(OneLine(File(R"({"store": {"mode": "distributed"}, "auth": {"mode": "distributed"}})")),
            "distributed.seeds: required because store, auth are distributed; set it, for example "
            "to \"localhost:6379\"");
}

TEST_F(Configuration, SeveralAddressesAreRefused) {
  EXPECT_THAT(OneLine(Environment({{"SATCHEL_DISTRIBUTED__SEEDS", "a:1,b:2"}})),
              HasSubstr("connects to a single server"));
}

// Of a key: text of the file, of the environment and of a flag, all different; then the value.
struct Ranks {
  std::string key, file, environment, flag;
  std::string expected_file, expected_environment, expected_flag;
};

TEST_F(Configuration, CliBeatsEnvironmentBeatsFileBeatsDefaultForEveryType) {
  const Ranks rows[] = {
      {"memory.mode", "\"distributed\"", "standalone", "distributed", "distributed", "standalone",
       "distributed"},
      {"tenant", "\"a\"", "b", "c", "a", "b", "c"},
      {"distributed.password", "\"a\"", "b", "c", "a", "b", "c"},
      {"persistence.snapshot_on_shutdown", "false", "1", "false", "false", "true", "false"},
      {"listen.loops", "2", "3", "4", "2", "3", "4"},
      {"listen.port", "7", "8", "auto", "7", "8", "auto"},
      {"listen.unix_socket_mode", "\"0660\"", "0666", "600", "0660", "0666", "0600"},
      {"persistence.min_free_bytes", "1024", "2MiB", "3GiB", "1KiB", "2MiB", "3GiB"},
      {"persistence.snapshot_interval", "\"1m\"", "90s", "2h", "1m", "90s", "2h"},
      {"log.level", "\"warning\"", "error", "DEBUG", "warning", "error", "debug"},
      {"distributed.seeds", "[\"a:1\"]", "b:1", "[\"c:1\"]", "a:1", "b:1", "c:1"},
  };
  for (const Ranks& row : rows) {
    const KeyRow& key = *FindKey(row.key);
    const auto value = [&](LoadedConfig loaded) {
      return FieldText(key, key.field(loaded.config));
    };
    std::string text = row.file;
    for (std::string_view rest = row.key; !rest.empty();) {
      const std::size_t point = rest.rfind('.');
      text = "{\"" + std::string(rest.substr(point + 1)) + "\": " + text + "}";
      rest = point == rest.npos ? "" : rest.substr(0, point);
    }
    Write("satchel.json", text);
    ConfigSources sources;
    EXPECT_EQ(value(ReadConfig(sources)), row.expected_file) << text;
    sources.environment[EnvironmentName(row.key)] = row.environment;
    EXPECT_EQ(value(ReadConfig(sources)), row.expected_environment) << row.key;
    sources.flags.push_back({FlagName(row.key), row.flag});
    LoadedConfig loaded = ReadConfig(sources);
    EXPECT_EQ(loaded.config.origin(row.key).ToString(), "flag " + FlagName(row.key));
    EXPECT_EQ(value(std::move(loaded)), row.expected_flag) << row.key;
  }
}

TEST_F(Configuration, AnUnknownKeySuggestsTheNearest) {
  EXPECT_EQ(OneLine(File("{\n\"persistence\": {\"dir\": \"x\"}}")),
            "persistence.dir: unknown key; did you mean persistence.data_dir?   "
            "[file satchel.json:2]");
  EXPECT_THAT(OneLine(File(R"({"listen": {"prot": 1}})")), HasSubstr("did you mean listen.port?"));
  EXPECT_THAT(OneLine(File(R"({"quite": {"another": 1}})")),
              testing::StartsWith("quite.another: unknown key   ["));
}

TEST_F(Configuration, ASectionIsNoValue) {
  EXPECT_THAT(OneLine(File(R"({"listen": 5})")), HasSubstr("listen: is a section"));
}

TEST_F(Configuration, AnUnknownVariableIsRefused) {
  EXPECT_EQ(OneLine(Environment({{"SATCHEL_LISTEN__PROT", "1"}})),
            "SATCHEL_LISTEN__PROT: unknown variable; did you mean SATCHEL_LISTEN__PORT?   "
            "[environment]");
}

TEST_F(Configuration, AnEmptyVariableCountsAsNotSet) {
  const LoadedConfig loaded = Environment({{"SATCHEL_LISTEN__PORT", ""}});
  EXPECT_THAT(Lines(loaded), IsEmpty());
  EXPECT_FALSE(loaded.config.is_set("listen.port"));
}

TEST_F(Configuration, AnUnknownFlagIsRefused) {
  EXPECT_EQ(OneLine(WithFlags({{"--prot", "1"}})), "--prot: unknown flag   [flag]");
}

TEST_F(Configuration, EveryShortFlagStandsForAKey) {
  const LoadedConfig loaded = WithFlags({{"--mode", "standalone"},
                                         {"--port", "7000"},
                                         {"--bind", "::1"},
                                         {"--unix-socket", "/tmp/s"},
                                         {"--data-dir", "d"},
                                         {"--durability", "snapshot"},
                                         {"--seeds", "h:1"}},
                                        Program::kServe);
  ASSERT_THAT(Lines(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.listen.port, 7000);
  EXPECT_THAT(loaded.config.listen.address, ElementsAre("::1"));
  EXPECT_EQ(loaded.config.listen.unix_socket, "/tmp/s");
  EXPECT_EQ(loaded.config.persistence.data_dir, "d");
  EXPECT_THAT(loaded.config.distributed.seeds, ElementsAre("h:1"));
  EXPECT_EQ(loaded.config.origin("listen.port").ToString(), "flag --port");
}

TEST_F(Configuration, TheModeVariableDoesNotChangeOutputStyle) {
  EXPECT_THAT(OneLine(Environment({{"SATCHEL_MODE", "json"}})),
              HasSubstr("mode: \"json\" is not a mode"));
}

TEST_F(Configuration, AllErrorsAreReportedTogether) {
  Write("satchel.json", R"({
    "listen": {"port": 70000, "loops": 0},
    "nothing": 1,
    "persistence": {"enabled": true, "data_dir": " "},
    "key_prefix": "a b"
  })");
  const LoadedConfig loaded =
      ReadConfig({.flags = {{"--log-level", "loud"}}, .environment = {{"SATCHEL_X", "1"}}});
  EXPECT_FALSE(loaded.ok());
  EXPECT_THAT(
      Lines(loaded),
      testing::UnorderedElementsAre(
          "nothing: unknown key   [file satchel.json:3]", HasSubstr("SATCHEL_X: unknown variable"),
          "listen.loops: 0 is not allowed (allowed: 1..256)   [file satchel.json:2]",
          "listen.port: 70000 is not allowed (allowed: 0..65535, or auto)   [file satchel.json:2]",
          "log.level: \"loud\" is not allowed (allowed: debug, info, warning, error)   "
          "[flag --log-level]",
          AllOf(HasSubstr("key_prefix: \"a b\""), HasSubstr("[file satchel.json:5]")),
          AllOf(HasSubstr("persistence.data_dir: must not be blank"),
                HasSubstr("[file satchel.json:4]"))));
}

TEST_F(Configuration, LoadConfigPutsAllErrorsIntoOne) {
  Write("satchel.json", R"({"a": 1, "b": 2})");
  const auto config = LoadConfig({});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::kConfig);
  EXPECT_EQ(config.error().detail,
            "a: unknown key   [file satchel.json:1]\nb: unknown key   [file satchel.json:1]");
}

TEST_F(Configuration, CommentsAreRead) {
  const LoadedConfig loaded = File("// one\n{ /* two\n */ \"tenant\": \"t//x\" // three\n}\n");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.tenant, "t//x");
  EXPECT_EQ(loaded.config.origin("tenant").ToString(), "file satchel.json:3");
}

TEST_F(Configuration, ADuplicateKeyIsRefused) {
  EXPECT_EQ(OneLine(File("{\"tenant\": \"a\",\n\"tenant\": \"b\"}")),
            "tenant: given twice; keep one of them   [file satchel.json:2]");
  EXPECT_THAT(OneLine(File(R"({"listen": {"port": 1}, "listen.port": 2})")),
              HasSubstr("listen.port: given twice"));
}

TEST_F(Configuration, ABrokenFileNamesTheLine) {
  EXPECT_THAT(OneLine(File("{\n\"tenant\": \"a\",\n}")),
              AllOf(HasSubstr("syntax error"), HasSubstr("[file satchel.json:3]")));
  EXPECT_THAT(OneLine(File("[1]")), HasSubstr("the file must hold one JSON object"));
  EXPECT_THAT(OneLine(File("")), HasSubstr("satchel.json:1"));
}

TEST_F(Configuration, ANamedFileThatIsMissingIsRefused) {
  EXPECT_EQ(OneLine(ReadConfig({.file = "none.json"})),
            "cannot be read: No such file or directory   [file none.json]");
  EXPECT_THAT(OneLine(Environment({{"SATCHEL_CONFIG", "no.json"}})), HasSubstr("[file no.json]"));
}

TEST_F(Configuration, TheFlagForTheFileBeatsItsVariable) {
  Write("a.json", R"({"tenant": "a"})");
  Write("b.json", R"({"tenant": "b"})");
  EXPECT_EQ(Environment({{"SATCHEL_CONFIG", "b.json"}}).config.tenant, "b");
  EXPECT_EQ(
      ReadConfig({.environment = {{"SATCHEL_CONFIG", "b.json"}}, .file = "a.json"}).config.tenant,
      "a");
}

TEST_F(Configuration, ABareNumberIsNotADuration) {
  EXPECT_THAT(OneLine(File(R"({"persistence": {"snapshot_interval": 300}})")),
              AllOf(HasSubstr("300 is not allowed"), HasSubstr("ms, s, m, h or d")));
  EXPECT_THAT(OneLine(Environment({{"SATCHEL_PERSISTENCE__SNAPSHOT_INTERVAL", "300"}})),
              HasSubstr("\"300\" is not allowed"));
}

TEST_F(Configuration, ValuesOfTheWrongKindAreRefused) {
  for (const char* text :
       {R"({"tenant": 5})", R"({"listen": {"loops": "2"}})", R"({"listen": {"enabled": "true"}})",
        R"({"listen": {"enabled": 1}})", R"({"listen": {"port": 1.5}})", R"({"tenant": null})",
        R"({"distributed": {"seeds": [1]}})", R"({"distributed": {"seeds": [["a:1"]]}})",
        R"({"distributed": {"seeds": [{"a": 1}]}})", R"({"tenant": ["a"]})", R"({"mode": true})",
        R"({"listen": {"unix_socket_mode": 600}})", R"({"listen": {"unix_socket_mode": "0888"}})",
        R"({"persistence": {"min_free_bytes": "1k"}})", R"({"log": {"level": 1}})",
        R"({"persistence": {"min_free_bytes": -1}})"}) {
    EXPECT_THAT(OneLine(File(text)), AnyOf(HasSubstr("not allowed"), HasSubstr("not a mode")))
        << text;
  }
}

TEST_F(Configuration, LimitsHoldOnBothSides) {
  const auto databases = [](const char* text) {
    return Environment({{"SATCHEL_STORE__DATABASES", text}}).ok();
  };
  EXPECT_FALSE(databases("0"));
  EXPECT_TRUE(databases("1"));
  EXPECT_TRUE(databases("1024"));
  EXPECT_FALSE(databases("1025"));
  const auto port = [](const char* text) {
    return Environment({{"SATCHEL_LISTEN__PORT", text}}).ok();
  };
  EXPECT_TRUE(port("0"));
  EXPECT_TRUE(port("65535"));
  EXPECT_TRUE(port("auto"));
  EXPECT_FALSE(port("65536"));
  EXPECT_FALSE(port("-1"));
}

TEST_F(Configuration, DurationsAndSizesHaveUnits) {
  const LoadedConfig loaded = File(R"({"distributed": {"timeout": {"read": "250ms", "write": "2d",
      "connect": "3h"}}, "persistence": {"min_free_bytes": "2KiB"}})");
  EXPECT_THAT(Lines(loaded), Contains(HasSubstr("write")));  // more than a day
  EXPECT_EQ(loaded.config.distributed.timeout.read, milliseconds(250));
  EXPECT_EQ(loaded.config.distributed.timeout.connect, std::chrono::hours(3));
  EXPECT_EQ(loaded.config.persistence.min_free_bytes, 2048);
}

TEST_F(Configuration, NoSecretAppearsInShowOrErrors) {
  Write("password", "hunter2\n");
  const LoadedConfig loaded = File(R"({"listen": {"password_file": "password"},
      "distributed": {"password": "hunter2", "seeds": ["redis://me:hunter2@h:1"]}})");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.listen.password, "hunter2");
  for (TextStyle style : {TextStyle::kTable, TextStyle::kJson}) {
    const std::string text = FormatShow(loaded.config, {.style = style});
    EXPECT_THAT(text, AllOf(Not(HasSubstr("hunter2")), HasSubstr("<redacted>")));
  }
  const LoadedConfig broken = File(R"({"listen": {"password": ["hunter2"]},
      "distributed": {"password": "x", "seeds": ["redis://me:hunter2@h:xx"]}})");
  EXPECT_EQ(broken.findings.size(), 2u);
  EXPECT_THAT(FormatFindings(broken), Not(HasSubstr("hunter2")));
}

TEST_F(Configuration, ASecretIsGivenOnce) {
  Write("password", "x");
  EXPECT_THAT(OneLine(File(R"({"listen": {"password_file": "password", "password": "y"}})")),
              HasSubstr("both this and listen.password are given"));
  EXPECT_THAT(OneLine(File(R"({"listen": {"password_file": "none"}})")),
              HasSubstr("listen.password_file: cannot be read"));
}

TEST_F(Configuration, AUserOrDatabaseInAnUrlMustAgreeWithItsKey) {
  const LoadedConfig loaded =
      File(R"({"distributed": {"seeds": ["redis://u:p@h:1/2"], "username": "v", "password": "q",
               "db": 3}})");
  EXPECT_THAT(Lines(loaded), ElementsAre(HasSubstr("distributed.username: differs"),
                                         HasSubstr("distributed.password: differs"),
                                         HasSubstr("distributed.db: differs")));
}

TEST_F(Configuration, ABlankDataDirectoryWithPersistenceIsRefused) {
  EXPECT_THAT(OneLine(WithFlags({{"--data-dir", " "}}, Program::kServe)),
              HasSubstr("persistence.data_dir: must not be blank"));
}

TEST_F(Configuration, JournalledDurabilityIsRefusedByName) {
  for (const char* word : {"everysec", "always"}) {
    EXPECT_EQ(OneLine(WithFlags({{"--durability", word}}, Program::kServe)),
              "persistence.durability: \"" + std::string(word) +
                  "\" is not available in this version; use snapshot   [flag --durability]");
  }
}

TEST_F(Configuration, DurabilityAndPersistenceMustAgree) {
  EXPECT_THAT(OneLine(File(R"({"persistence": {"enabled": true, "data_dir": "d",
                               "durability": "none"}})")),
              HasSubstr("persistence.durability: \"none\" keeps nothing"));
  EXPECT_THAT(OneLine(File(R"({"persistence": {"enabled": false, "durability": "snapshot"}})")),
              HasSubstr("persistence.durability: needs persistence.enabled"));
  EXPECT_THAT(OneLine(File(R"({"persistence": {"data_dir": "d", "snapshot_interval": "0s"}})")),
              HasSubstr("persistence.snapshot_interval: must be more than 0"));
}

TEST_F(Configuration, PersistenceWithoutAStandaloneComponentIsAWarning) {
  const LoadedConfig loaded = File(R"({"mode": "distributed", "distributed": {"seeds": ["h:1"]},
                                       "persistence": {"data_dir": "d"}})");
  EXPECT_TRUE(loaded.ok());
  EXPECT_THAT(OneLine(loaded), HasSubstr("persistence.data_dir: has no effect"));
  EXPECT_THAT(FormatFindings(loaded),
              AllOf(HasSubstr("warning: persistence.data_dir"), HasSubstr("is valid.")));
}

TEST_F(Configuration, ARemoteListenerWithoutPasswordIsRefused) {
  for (const char* address : {"0.0.0.0", "::", "192.168.0.1", "*"}) {
    EXPECT_THAT(OneLine(WithFlags({{"--bind", address}}, Program::kServe)),
                HasSubstr("listen.address: \"" + std::string(address) + "\""));
    EXPECT_TRUE(WithFlags({{"--bind", address}, {"--listen-password", "x"}}, Program::kServe).ok());
  }
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "localhost"}) {
    EXPECT_TRUE(WithFlags({{"--bind", address}}, Program::kServe).ok()) << address;
  }
}

TEST_F(Configuration, NoPortAndNoSocketIsNoListener) {
  EXPECT_THAT(OneLine(WithFlags({{"--port", "0"}}, Program::kServe)), HasSubstr("listen.port"));
  EXPECT_TRUE(WithFlags({{"--port", "0"}, {"--unix-socket", "/tmp/s"}}, Program::kServe).ok());
}

TEST_F(Configuration, PersistenceKeysAppearInShowWithTheirSource) {
  const LoadedConfig loaded = File("{\n\"persistence\": {\"data_dir\": \"d\"}}");
  const std::string all = FormatShow(loaded.config);
  EXPECT_TRUE(std::regex_search(all, std::regex("persistence\\.data_dir +d +file satchel.json:2")));
  EXPECT_TRUE(std::regex_search(all, std::regex("persistence\\.enabled +true +default")));
  EXPECT_EQ(FormatShow(loaded.config, {.only_set = true}),
            "persistence.data_dir  d  file satchel.json:2\n");
  EXPECT_EQ(FormatShow(loaded.config, {.only_set = true, .style = TextStyle::kJson}),
            "{\n  \"persistence.data_dir\": {\n    \"value\": \"d\",\n    \"source\": \"file "
            "satchel.json:2\"\n  }\n}\n");
}

TEST_F(Configuration, EveryKeyIsShownAndEveryDefaultIsLegal) {
  const std::string all = FormatShow(ReadConfig({}).config);
  for (const KeyRow& row : KeyRows()) EXPECT_THAT(all, HasSubstr(std::string(row.key)));
}

TEST(ConfigDocs, GeneratedFilesAreCurrent) {
  const std::string text = FormatDocs();
  EXPECT_EQ(GoldenFile(SATCHEL_SOURCE_DIR "/docs/configuration.md", text), text)
      << "run config_tests --update-golden";
}

// All sources of the folders that may read keys, in one text.
std::string SourcesOf(const std::vector<std::string>& folders) {
  std::stringstream all;
  for (const std::string& folder : folders) {
    const std::filesystem::path root = std::filesystem::path(SATCHEL_SOURCE_DIR) / folder;
    if (!std::filesystem::exists(root)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const std::string path = entry.path().string();
      if (path.find("/config/") != std::string::npos || !path.ends_with(".cc")) continue;
      all << std::ifstream(path).rdbuf();
    }
  }
  return all.str();
}

TEST(ConfigKeys, EveryKeyIsReadBySomething) {
  const std::string sources = SourcesOf({"store", "repos", "server", "cli"});
  ASSERT_NE(sources.find("ReadConfig("), sources.npos) << "the program reads no configuration";
  for (const KeyRow& row : KeyRows()) {
    // Read through EffectiveMode, and into the secret they are named after.
    if (row.type == KeyType::kMode || row.key.ends_with("_file")) continue;
    const std::size_t point = row.key.rfind('.');
    const std::size_t before = point == row.key.npos ? row.key.npos : row.key.rfind('.', point - 1);
    const std::string_view tail = before == row.key.npos ? row.key : row.key.substr(before + 1);
    EXPECT_NE(sources.find(tail), sources.npos) << "nothing reads " << row.key;
  }
}

}  // namespace
}  // namespace satchel::store
