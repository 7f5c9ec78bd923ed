#include "common/secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

std::string WriteFile(const std::string& text) {
  // Cases run side by side, so each has its own file.
  const std::string path =
      testing::TempDir() + "/secret_test." +
      testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ofstream(path) << text;
  return path;
}

TEST(SecretTest, NeverPrintsItsText) {
  std::ostringstream out;
  out << Secret("hunter2") << Secret();
  EXPECT_EQ(out.str(), "<secret><none>");
}

TEST(SecretTest, LeavesNothingBehindWhenMoved) {
  Secret from("a password long enough to live on the heap");
  const Secret to = std::move(from);
  EXPECT_EQ(to.Reveal(), "a password long enough to live on the heap");
  EXPECT_TRUE(from.empty());
}

TEST(SecretTest, ComparesAllOfTheText) {
  EXPECT_TRUE(Secret("token").EqualsInConstantTime("token"));
  EXPECT_FALSE(Secret("token").EqualsInConstantTime("tokem"));
  EXPECT_FALSE(Secret("token").EqualsInConstantTime("toke"));
  EXPECT_FALSE(Secret("token").EqualsInConstantTime(""));
}

TEST(SecretTest, IsReadFromAFileWithoutTheLineEnd) {
  const auto secret = ReadSecretFile(WriteFile("s3cret\n"));
  ASSERT_THAT(secret, IsOk());
  EXPECT_EQ(secret->Reveal(), "s3cret");
}

TEST(SecretTest, NamesTheFileThatItCannotRead) {
  EXPECT_THAT(ReadSecretFile("/no/such/file"),
              StatusIs(absl::StatusCode::kNotFound,
                       testing::HasSubstr("/no/such/file")));
  EXPECT_THAT(ReadSecretFile(WriteFile(" \n")),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(ReadSecretFile(testing::TempDir()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace binferry
