#include "cli/message_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "binferry/v1/task.pb.h"

namespace binferry::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(MessageTextTest, YamlQuotesWhatWouldReadAsAnotherType) {
  v1::Task task;
  task.set_description("true");
  task.set_uid("123");
  task.set_etag("plain");
  task.mutable_source()->set_port(3306);
  EXPECT_THAT(
      ToYaml(task),
      AllOf(HasSubstr("description: \"true\"\n"), HasSubstr("uid: \"123\"\n"),
            HasSubstr("etag: plain\n"), HasSubstr("source:\n  port: 3306\n")));
}

TEST(MessageTextTest, JsonLineIsOneLine) {
  v1::Task task;
  task.set_description("a\nb");
  EXPECT_EQ(ToJsonLine(task), "{\"description\":\"a\\nb\"}\n");
}

}  // namespace
}  // namespace binferry::cli
