#include "common/option_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "common/exit_code.h"

namespace binferry {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

class OptionParserTest : public testing::Test {
 protected:
  OptionParserTest()
      : parser_({.program = "prog",
                 .description = "A program.",
                 .environment_prefix = "PROG_TEST_"}) {
    parser_.app()
        .add_option("--listen-api", listen_, "")
        ->capture_default_str();
    parser_.MarkSecret(parser_.app().add_option("--token", token_, ""));
    parser_.app().add_flag("--insecure-dev", insecure_, "");
  }
  ~OptionParserTest() override {
    unsetenv("PROG_TEST_LISTEN_API");
    unsetenv("PROG_TEST_LISTEN");
    unsetenv("PROG_TEST_INSECURE_DEV");
  }

  std::optional<int> Parse(std::vector<const char*> args) {
    args.insert(args.begin(), "prog");
    return parser_.Parse(static_cast<int>(args.size()), args.data());
  }
  std::string WriteFile(const std::string& text) {
    const std::string path = testing::TempDir() + "/option_parser_test." +
                             std::to_string(getpid()) + ".toml";
    std::ofstream(path) << text;
    return path;
  }

  OptionParser parser_;
  std::string listen_ = "127.0.0.1:0";
  std::string token_;
  bool insecure_ = false;
};

TEST_F(OptionParserTest, TakesFlagsOverTheEnvironmentOverTheFile) {
  const std::string file =
      WriteFile("listen-api = \"file:1\"\ntoken = \"file\"\n");
  setenv("PROG_TEST_LISTEN_API", "environment:1", 1);
  setenv("PROG_TEST_INSECURE_DEV", "true", 1);
  ASSERT_EQ(Parse({"--config", file.c_str()}), std::nullopt);
  EXPECT_EQ(listen_, "environment:1");
  EXPECT_EQ(token_, "file");
  EXPECT_TRUE(insecure_);

  ASSERT_EQ(Parse({"--config", file.c_str(), "--listen-api=flag:1"}),
            std::nullopt);
  EXPECT_EQ(listen_, "flag:1");
}

TEST_F(OptionParserTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Parse({"--lisen-api=x"}), kExitUsage);
  EXPECT_EQ(Parse({"stray"}), kExitUsage);
  const std::string file = WriteFile("lisen-api = \"x\"\n");
  EXPECT_EQ(Parse({"--config", file.c_str()}), kExitUsage);
  EXPECT_EQ(Parse({"--config", "/no/such/file"}), kExitUsage);
  setenv("PROG_TEST_LISTEN", "x", 1);
  testing::internal::CaptureStderr();
  EXPECT_EQ(Parse({}), kExitUsage);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("PROG_TEST_LISTEN"));
}

TEST_F(OptionParserTest, AnswersHelpAndVersion) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(Parse({"--help"}), kExitOk);
  EXPECT_EQ(Parse({"--version"}), kExitOk);
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_THAT(out, HasSubstr("--listen-api"));
  EXPECT_THAT(out, HasSubstr("PROG_TEST_LISTEN_API"));
  EXPECT_THAT(out, HasSubstr("prog 0."));
}

TEST_F(OptionParserTest, LeavesAloneWhatTheProgramReadsItself) {
  OptionParser parser({.program = "prog",
                       .description = "A program.",
                       .environment_prefix = "PROG_TEST_",
                       .other_variables = {"PROG_TEST_LISTEN"}});
  setenv("PROG_TEST_LISTEN", "x", 1);
  const char* const arguments[] = {"prog"};
  EXPECT_EQ(parser.Parse(1, arguments), std::nullopt);
  testing::internal::CaptureStderr();
  EXPECT_EQ(Parse({}), kExitUsage);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("PROG_TEST_LISTEN"));
}

TEST_F(OptionParserTest, ShowsWhatIsInForceWithoutSecrets) {
  ASSERT_EQ(Parse({"--token=hunter2"}), std::nullopt);
  EXPECT_THAT(parser_.Effective(), Contains(Pair("token", "<secret>")));
  EXPECT_THAT(parser_.Effective(), Contains(Pair("listen-api", "127.0.0.1:0")));
}

}  // namespace
}  // namespace binferry
