#include "repos/usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace satchel::repos {
namespace {

using testing::HasSubstr;

TEST(Usage, AddsByProviderModelAndSourceWithoutCase) {
  const auto merged = MergeUsage(
      "[{\"provider\":\"OpenAI\",\"model\":\"m\",\"prompt_tokens\":1,\"agent_ids\":[\" b \"]}]",
      "{\"entries\":[{\"provider\":\"openai\",\"model\":\"M\",\"prompt_tokens\":2,"
      "\"completion_tokens\":5,\"agent_ids\":[\"a\",\"b\"]},"
      "{\"provider\":\"a\",\"model\":\"z\"}]}");
  EXPECT_EQ(merged.value(),
            "[{\"model\":\"z\",\"provider\":\"a\",\"source\":\"\"},"
            "{\"agent_ids\":[\"a\",\"b\"],\"completion_tokens\":5,\"model\":\"m\","
            "\"prompt_tokens\":3,\"provider\":\"OpenAI\",\"source\":\"\",\"total_tokens\":8}]");
}

TEST(Usage, NullCountsAsZeroAndStaysNullIfBothAre) {
  EXPECT_THAT(MergeUsage("[{\"provider\":\"p\",\"model\":\"m\",\"x\":null,\"y\":null}]",
                         "[{\"provider\":\"p\",\"model\":\"m\",\"x\":3,\"y\":null}]")
                  .value(),
              testing::AllOf(HasSubstr("\"x\":3"), HasSubstr("\"y\":null")));
}

TEST(Usage, AGivenTotalIsAdded) {
  EXPECT_THAT(MergeUsage("[{\"provider\":\"p\",\"model\":\"m\",\"prompt_tokens\":1,"
                         "\"total_tokens\":9}]",
                         "[{\"provider\":\"p\",\"model\":\"m\",\"prompt_tokens\":1,"
                         "\"total_tokens\":4}]")
                  .value(),
              HasSubstr("\"total_tokens\":13"));
}

TEST(Usage, AddsExactlyAndRefusesOverflow) {
  const std::string most = "[{\"provider\":\"p\",\"model\":\"m\",\"x\":9223372036854775806}]";
  const std::string one = "[{\"provider\":\"p\",\"model\":\"m\",\"x\":1}]";
  const auto sum = MergeUsage(most, one);
  EXPECT_THAT(sum.value(), HasSubstr("9223372036854775807"));
  EXPECT_EQ(MergeUsage(*sum, one).error().subject, "usage");
}

TEST(Usage, KeepsTheEarliestCaptureAndTheLatestUpdate) {
  EXPECT_THAT(MergeUsage("[{\"provider\":\"p\",\"model\":\"m\",\"captured_at\":"
                         "\"2026-01-02T00:00:00Z\",\"updated_at\":\"2026-01-02T00:00:00Z\"}]",
                         "[{\"provider\":\"p\",\"model\":\"m\",\"captured_at\":"
                         "\"2026-01-01T00:00:00Z\",\"updated_at\":\"2026-01-01T00:00:00Z\"}]")
                  .value(),
              testing::AllOf(HasSubstr("\"captured_at\":\"2026-01-01T00:00:00Z\""),
                             HasSubstr("\"updated_at\":\"2026-01-02T00:00:00Z\"")));
}

TEST(Usage, RefusesOtherShapes) {
  for (const char* text :
       {"5", "{}", "{\"entries\":5}", "[5]", "[{}]", "[{\"provider\":\" \",\"model\":\"m\"}]",
        "[{\"provider\":\"p\",\"model\":\"\"}]", "[{\"provider\":5,\"model\":\"m\"}]",
        "[{\"provider\":\"p\",\"model\":\"m\",\"x\":-1}]",
        "[{\"provider\":\"p\",\"model\":\"m\",\"x\":1.5}]",
        "[{\"provider\":\"p\",\"model\":\"m\",\"prompt_tokens\":\"1\"}]",
        "[{\"provider\":\"p\",\"model\":\"m\",\"agent_ids\":[1]}]",
        "[{\"provider\":\"p\",\"model\":\"m\",\"captured_at\":\"soon\"}]", "["}) {
    EXPECT_EQ(NormalUsage(text).error().subject, "usage") << text;
  }
}

}  // namespace
}  // namespace satchel::repos
