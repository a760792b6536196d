// Scripts whose keys and arguments have names, on stores of every kind; and that functions and
// their libraries outlive the process.

#include "store/named_script.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/store/scripting_example.h"
#include "tests/store/stores.h"

namespace satchel::store {
namespace {

class NamedScriptTest : public testing::TestWithParam<StoreKind> {
 protected:
  StoreUnderTest store_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Stores, NamedScriptTest,
                         testing::Values(StoreKind::kEmbedded, StoreKind::kRemote,
                                         StoreKind::kRemoteResp2),
                         [](const auto& info) { return KindName(info.param); });

TEST_P(NamedScriptTest, NamesAreLocalVariables) {
  const auto script = *NamedScript::Make("return {k, a, b, #KEYS, ARGV[2]}",
                                         {.keys = {"k"}, .arguments = {"a", "b"}});
  const auto reply = script.Run(*store_, {{"k", "key"}}, {{"b", "2"}, {"a", "1"}});
  ASSERT_TRUE(reply) << reply.error().detail;
  ASSERT_EQ(reply->items.size(), 5u);
  EXPECT_EQ(reply->items[0].text, "key");
  EXPECT_EQ(reply->items[1].text, "1");
  EXPECT_EQ(reply->items[2].text, "2");
  EXPECT_EQ(reply->items[3].integer, 1);
  EXPECT_EQ(reply->items[4].text, "2");
}

TEST_P(NamedScriptTest, AStoreThatForgotTheScriptGetsItAgain) {
  const auto script = *NamedScript::Make("return k", {.keys = {"k"}});
  EXPECT_EQ(script.Run(*store_, {{"k", "1"}}, {})->text, "1");
  ASSERT_TRUE(store_->Run({"SCRIPT", "FLUSH"}));
  EXPECT_EQ(script.Run(*store_, {{"k", "2"}}, {})->text, "2");
  EXPECT_EQ(store_->Run({"SCRIPT", "EXISTS", script.script().sha()})->items[0].integer, 1);
}

TEST_P(NamedScriptTest, LinesKeepTheirNumbers) {
  const auto script = *NamedScript::Make("\n\nerror('here')", {.keys = {"k"}});
  EXPECT_THAT(script.Run(*store_, {{"k", "1"}}, {}).error().detail,
              testing::HasSubstr("user_script:3: here"));
  const auto flagged =
      *NamedScript::Make("#!lua flags=no-writes\nreturn redis.call('SET',k,1)", {.keys = {"k"}});
  EXPECT_THAT(flagged.Run(*store_, {{"k", "1"}}, {}).error().detail,
              testing::AllOf(testing::HasSubstr("Write commands are not allowed from read-only"),
                             testing::HasSubstr("@user_script:2.")));
}

TEST_P(NamedScriptTest, TheExampleOfTheDocsWorks) {
  ASSERT_TRUE(store_->Run({"SET", "{coins}:ann", "10"}));
  EXPECT_EQ(*Transfer(*store_, "{coins}:ann", "{coins}:bob", "7"), 3);
  EXPECT_EQ(store_->Run({"GET", "{coins}:bob"})->text, "7");
  EXPECT_THAT(Transfer(*store_, "{coins}:ann", "{coins}:bob", "7").error().detail,
              testing::StartsWith("POOR not enough coins"));
  EXPECT_EQ(store_->Run({"GET", "{coins}:ann"})->text, "3");
}

TEST(NamedScript, RefusesValuesThatDoNotFitTheNames) {
  auto store = *EmbeddedStore::Open({});
  const auto script = *NamedScript::Make("return 1", {.keys = {"k"}, .arguments = {"a"}});
  const auto detail = [](const Result<ReplyValue>& reply) { return reply.error().detail; };
  EXPECT_EQ(detail(script.Run(*store, {}, {{"a", "1"}})), "'k' was not given");
  EXPECT_EQ(detail(script.Run(*store, {{"k", "1"}}, {{"b", "1"}})), "'a' was not given");
  EXPECT_EQ(detail(script.Run(*store, {{"k", "1"}, {"x", "1"}}, {{"a", "1"}})),
            "the script knows no 'x'");
  EXPECT_EQ(detail(script.Run(*store, {{"k", "1"}, {"k", "2"}}, {{"a", "1"}})),
            "a value was given twice");
}

TEST(NamedScript, RefusesNamesThatCannotBeVariables) {
  for (const char* name : {"", "1a", "a-b", "end", "a b", "\xc3\xa9"}) {
    EXPECT_EQ(NamedScript::Make("", {.keys = {name}}).error().code, ErrorCode::kInvalidArgument)
        << name;
  }
  EXPECT_FALSE(NamedScript::Make("", {.keys = {"a"}, .arguments = {"a"}}));
  EXPECT_TRUE(NamedScript::Make("", {.keys = {"_a1"}}));
}

std::string FileText(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(NamedScript, TheDocsShowTheExampleThatRuns) {
  const std::string root = SATCHEL_SOURCE_DIR;
  const std::string source = FileText(root + "/tests/store/scripting_example.cc");
  const std::string mark = "// [example]\n";
  const std::size_t begin = source.find(mark) + mark.size();
  const std::string example = source.substr(begin, source.find(mark, begin) - begin);
  ASSERT_GT(example.size(), 100u);
  EXPECT_NE(FileText(root + "/docs/scripting.md").find("```cpp\n" + example + "```"),
            std::string::npos);
}

TEST(ScriptLog, ComesWithoutTheLockAndInOrder) {
  ManualClock clock{1'700'000'000'000};
  std::vector<std::string> lines;
  auto store = *EmbeddedStore::Open(
      {.clock = &clock, .on_script_log = [&](int level, const std::string& line) {
         lines.push_back(std::to_string(level) + " " + line);
       }});
  ASSERT_TRUE(store->Run({"EVAL", "redis.log(redis.LOG_WARNING,'a',1) redis.log(0,'b')", "0"}));
  EXPECT_TRUE(lines.empty());
  store.reset();
  EXPECT_THAT(lines, testing::ElementsAre("3 a 1", "0 b"));
}

class SavedFunctions : public testing::Test {
 protected:
  SavedFunctions()
      : dir_(std::filesystem::temp_directory_path() /
             ("satchel-functions-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(dir_);
  }
  ~SavedFunctions() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<EmbeddedStore> Open() {
    auto store = EmbeddedStore::Open({.data_dir = dir_});
    EXPECT_TRUE(store) << store.error().detail;
    return std::move(*store);
  }
  static void Load(EmbeddedStore& store, const std::string& name, int value) {
    const std::string code = "#!lua name=" + name + "\nredis.register_function('" + name +
                             "',function() return " + std::to_string(value) + " end)";
    EXPECT_TRUE(store.Run({"FUNCTION", "LOAD", "REPLACE", code}));
  }

  std::filesystem::path dir_;
};

TEST_F(SavedFunctions, OutliveTheProcess) {
  {
    auto store = Open();
    Load(*store, "one", 1);
    Load(*store, "two", 2);
    ASSERT_TRUE(store->Run({"SET", "k", "v"}));
    ASSERT_TRUE(store->Run({"SAVE"}));
    Load(*store, "two", 22);
    Load(*store, "three", 3);
    ASSERT_TRUE(store->Run({"FUNCTION", "DELETE", "one"}));
    ASSERT_TRUE(store->Run({"FLUSHALL"}));
  }
  auto store = Open();
  EXPECT_FALSE(store->Run({"FCALL", "one", "0"}));
  EXPECT_EQ(store->Run({"FCALL", "two", "0"})->integer, 22);
  EXPECT_EQ(store->Run({"FCALL", "three", "0"})->integer, 3);
  EXPECT_EQ(store->Run({"DBSIZE"})->integer, 0);
}

TEST_F(SavedFunctions, OutliveAReload) {
  auto store = Open();
  Load(*store, "one", 1);
  ASSERT_TRUE(store->Run({"DEBUG", "RELOAD"}));
  EXPECT_EQ(store->Run({"FCALL", "one", "0"})->integer, 1);
  ASSERT_TRUE(store->Run({"FUNCTION", "FLUSH"}));
  ASSERT_TRUE(store->Run({"DEBUG", "RELOAD"}));
  EXPECT_FALSE(store->Run({"FCALL", "one", "0"}));
}

TEST_F(SavedFunctions, OutliveAReloadInMemory) {
  auto store = *EmbeddedStore::Open({});
  Load(*store, "one", 1);
  ASSERT_TRUE(store->Run({"DEBUG", "RELOAD"}));
  EXPECT_EQ(store->Run({"FCALL", "one", "0"})->integer, 1);
}

}  // namespace
}  // namespace satchel::store
