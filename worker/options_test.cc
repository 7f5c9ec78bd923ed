#include "worker/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/exit_code.h"
#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

ParsedWorkerOptions Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "binferry-worker");
  return ParseWorkerOptions(static_cast<int>(arguments.size()),
                            arguments.data());
}

TEST(WorkerOptionsTest, TakesWhatADeveloperGives) {
  const ParsedWorkerOptions parsed =
      Parse({"--insecure-dev", "--controller", "a:1,b:2", "--region", "local",
             "--network-types", "VPC,public", "--label", "disk=fast", "--label",
             "a=b=c", "--memory", "16MiB", "--slots", "3"});
  ASSERT_FALSE(parsed.exit_code.has_value());
  EXPECT_THAT(parsed.options.controllers, ElementsAre("a:1", "b:2"));
  EXPECT_THAT(parsed.options.network_types,
              ElementsAre(v1::NETWORK_TYPE_VPC, v1::NETWORK_TYPE_PUBLIC));
  EXPECT_THAT(parsed.options.labels,
              ElementsAre(Pair("a", "b=c"), Pair("disk", "fast")));
  EXPECT_EQ(parsed.options.memory_bytes, uint64_t{16} << 20);
  EXPECT_EQ(parsed.options.slots, 3);
  EXPECT_FALSE(parsed.options.name.empty());
}

TEST(WorkerOptionsTest, RefusesWhatMakesNoSense) {
  const std::vector<const char*> sound = {"--insecure-dev", "--region", "r"};
  ASSERT_FALSE(Parse(sound).exit_code.has_value());
  for (const std::vector<const char*>& wrong :
       std::vector<std::vector<const char*>>{{"--slots", "-1"},
                                             {"--slots", "10001"},
                                             {"--controller", "nonsense"},
                                             {"--controller", "h:0"},
                                             {"--controller", ""},
                                             {"--region", ""},
                                             {"--name", "a b"},
                                             {"--memory", "1KiB"},
                                             {"--memory", "much"},
                                             {"--encoder-threads", "0"},
                                             {"--network-types", "moon"},
                                             {"--label", "novalue"},
                                             {"--subnet", "s"},
                                             {"--tls-ca", "f"},
                                             {"--log-level", "loud"}}) {
    std::vector<const char*> arguments = sound;
    arguments.insert(arguments.end(), wrong.begin(), wrong.end());
    testing::internal::CaptureStderr();
    EXPECT_EQ(Parse(arguments).exit_code, kExitUsage) << wrong[0];
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(wrong[0]));
  }
}

TEST(WorkerOptionsTest, WithoutTlsNeedsTheWordInsecure) {
  WorkerOptions options;
  options.controllers = {"a:1"};
  options.name = "w";
  options.region = "r";
  EXPECT_THAT(CheckWorkerOptions(options),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("--insecure-dev")));
  options.join_token = Secret("t");
  EXPECT_THAT(CheckWorkerOptions(options), IsOk());
}

}  // namespace
}  // namespace binferry::worker
