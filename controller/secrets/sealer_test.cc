#include "controller/secrets/sealer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "controller/secrets/uuid.h"

namespace binferry::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const TaskUid kUid("0191d7a2-0000-4000-8000-000000000001");

std::unique_ptr<Sealer> SealerWith(char byte) {
  return *Sealer::Create(std::string(32, byte));
}

class SealerTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  const std::unique_ptr<Sealer> sealer_ = SealerWith('k');
  const std::string path_ =
      absl::StrCat(testing::TempDir(), "/binferry-sealer-test-", RandomUuid());
};

TEST_F(SealerTest, OpensWhatItSealed) {
  const TaskSecrets secrets = {
      {SecretField::kSourcePassword, "s3cret"},
      {SecretField::kDestinationPassword, std::string("\0\xff", 2)},
      {SecretField::kSourceClientKey, ""}};
  const SealedSecrets sealed = sealer_->Seal(kUid, secrets);
  EXPECT_THAT(sealed.at(SecretField::kSourcePassword).bytes,
              Not(HasSubstr("s3cret")));
  EXPECT_THAT(sealer_->Unseal(kUid, sealed), IsOkAndHolds(secrets));
}

TEST_F(SealerTest, EqualSecretsLookDifferent) {
  const TaskSecrets secrets = {{SecretField::kSourcePassword, "same"}};
  EXPECT_NE(sealer_->Seal(kUid, secrets), sealer_->Seal(kUid, secrets));
}

TEST_F(SealerTest, AMovedOrDamagedSecretDoesNotOpen) {
  SealedSecrets sealed =
      sealer_->Seal(kUid, {{SecretField::kSourcePassword, "s3cret"}});
  EXPECT_THAT(sealer_->Unseal(TaskUid("other"), sealed),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(
      sealer_->Unseal(kUid, {{SecretField::kDestinationPassword,
                              sealed.at(SecretField::kSourcePassword)}}),
      StatusIs(absl::StatusCode::kDataLoss));
  std::string& bytes = sealed.at(SecretField::kSourcePassword).bytes;
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_THAT(sealer_->Unseal(kUid, sealed),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("set it again")));
  bytes = "short";
  EXPECT_THAT(sealer_->Unseal(kUid, sealed),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SealerTest, AnotherKeyIsNamed) {
  const auto other = SealerWith('x');
  EXPECT_NE(other->key_id(), sealer_->key_id());
  EXPECT_EQ(SealerWith('k')->key_id(), sealer_->key_id());
  EXPECT_THAT(
      other->Unseal(kUid,
                    sealer_->Seal(kUid, {{SecretField::kSourcePassword, "x"}})),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               HasSubstr(sealer_->key_id())));
}

TEST_F(SealerTest, AKeyFileIsMadeOnceAndForItsOwnerAlone) {
  ASSERT_THAT(CreateKeyFile(path_), IsOk());
  struct stat stat {};
  ASSERT_EQ(::stat(path_.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777u, 0600u);
  const auto first = Sealer::Open(path_);
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(CreateKeyFile(path_), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ((*Sealer::Open(path_))->key_id(), (*first)->key_id());
}

TEST_F(SealerTest, KeyFilesThatAreNoneAreRefused) {
  EXPECT_THAT(Sealer::Open(path_), StatusIs(absl::StatusCode::kNotFound,
                                            HasSubstr("--create-secret-key")));
  ASSERT_THAT(CreateKeyFile(path_), IsOk());
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  EXPECT_THAT(
      Sealer::Open(path_),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("chmod 600")));
  ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  std::ofstream(path_, std::ios::app) << "x";
  EXPECT_THAT(
      Sealer::Open(path_),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("32 bytes")));
  EXPECT_THAT(Sealer::Create("short"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(UuidTest, IsRandomAndWellFormed) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = RandomUuid();
    EXPECT_TRUE(IsUuid(uuid)) << uuid;
    EXPECT_EQ(uuid[14], '4');
    EXPECT_THAT(std::string("89ab"), HasSubstr(uuid.substr(19, 1)));
    EXPECT_TRUE(seen.insert(uuid).second);
  }
  EXPECT_FALSE(IsUuid(""));
  EXPECT_FALSE(IsUuid("0191d7a2-0000-4000-8000-00000000000"));
  EXPECT_FALSE(IsUuid("0191d7a2+0000-4000-8000-000000000001"));
  EXPECT_FALSE(IsUuid("0191d7a2-0000-4000-8000-00000000000g"));
}

}  // namespace
}  // namespace binferry::controller
