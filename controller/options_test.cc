#include "controller/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/exit_code.h"
#include "common/testing/status_matchers.h"

namespace binferry::controller {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

ControllerOptions GoodOptions() {
  ControllerOptions options;
  options.postgres = "host=db";
  options.secret_key_file = "/key";
  options.insecure_dev = true;
  return options;
}

std::variant<StartOptions, int> Parse(std::vector<const char*> args) {
  args.insert(args.begin(), "binferry-controller");
  return ParseOptions(static_cast<int>(args.size()), args.data());
}

TEST(ControllerOptionsTest, AcceptsWhatMakesSense) {
  EXPECT_THAT(CheckOptions(GoodOptions()), IsOk());
}

TEST(ControllerOptionsTest, NamesTheOptionThatMakesNoSense) {
  ControllerOptions options = GoodOptions();
  options.listen_api = "localhost";
  EXPECT_THAT(CheckOptions(options),
              StatusIs(kInvalid, HasSubstr("--listen-api")));
  options = GoodOptions();
  options.listen_workers = "localhost:65536";
  EXPECT_THAT(CheckOptions(options),
              StatusIs(kInvalid, HasSubstr("--listen-workers")));
  options = GoodOptions();
  options.state_topic_prefix = "a b";
  EXPECT_THAT(CheckOptions(options),
              StatusIs(kInvalid, HasSubstr("--state-topic-prefix")));
  options = GoodOptions();
  options.postgres = "";
  EXPECT_THAT(CheckOptions(options),
              StatusIs(kInvalid, HasSubstr("--postgres")));
}

TEST(ControllerOptionsTest, WantsTlsAndAWayToJoin) {
  ControllerOptions options = GoodOptions();
  options.insecure_dev = false;
  EXPECT_THAT(CheckOptions(options),
              StatusIs(kInvalid, HasSubstr("--tls-cert")));
  options.tls.certificate = "c";
  options.tls.key = "k";
  EXPECT_THAT(CheckOptions(options),
              StatusIs(kInvalid, HasSubstr("--join-token-file")));
  options.join_token_file = "t";
  EXPECT_THAT(CheckOptions(options), IsOk());
  options.insecure_dev = true;
  EXPECT_THAT(CheckOptions(options),
              StatusIs(kInvalid, HasSubstr("--insecure-dev")));
}

TEST(ControllerOptionsTest, ShowsNoConnectionString) {
  const auto parsed = Parse({"--postgres=host=db password=hunter2",
                             "--secret-key-file=/key", "--insecure-dev"});
  ASSERT_TRUE(std::holds_alternative<StartOptions>(parsed));
  EXPECT_THAT(std::get<StartOptions>(parsed).effective,
              Contains(Pair("postgres", "<secret>")));
}

TEST(ControllerOptionsTest, EndsWithUsageForNonsense) {
  EXPECT_EQ(std::get<int>(Parse({})), kExitUsage);
  EXPECT_EQ(std::get<int>(Parse({"--no-such-option"})), kExitUsage);
  EXPECT_EQ(std::get<int>(Parse({"--postgres=x", "--secret-key-file=/key",
                                 "--insecure-dev", "--log-level=loud"})),
            kExitUsage);
}

TEST(ControllerOptionsTest, AddsThePasswordToEitherForm) {
  const Secret password("a'b\\c d&");
  EXPECT_EQ(AddPassword("host=db", password),
            "host=db password='a\\'b\\\\c d&'");
  EXPECT_EQ(AddPassword("postgresql://u@db/x", password),
            "postgresql://u@db/x?password=a%27b%5Cc%20d%26");
  EXPECT_EQ(AddPassword("postgres://db/x?sslmode=require", Secret("p")),
            "postgres://db/x?sslmode=require&password=p");
}

}  // namespace
}  // namespace binferry::controller
