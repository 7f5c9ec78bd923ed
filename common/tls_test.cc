#include "common/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

TEST(TlsTest, RefusesHalfOfAPair) {
  EXPECT_THAT(
      LoadServerCredentials({.certificate = "/a", .key = "", .authorities = ""},
                            ClientCertificate::kNotAsked),
      StatusIs(kPrecondition, testing::HasSubstr("certificate")));
  EXPECT_THAT(LoadChannelCredentials(
                  {.certificate = "", .key = "/a", .authorities = ""}),
              StatusIs(kPrecondition));
}

TEST(TlsTest, NeedsAuthoritiesToVerifyCallers) {
  EXPECT_THAT(LoadServerCredentials(
                  {.certificate = "/a", .key = "/b", .authorities = ""},
                  ClientCertificate::kRequired),
              StatusIs(kPrecondition, testing::HasSubstr("authorities")));
}

TEST(TlsTest, NamesTheFileThatIsMissingOrNotPem) {
  EXPECT_THAT(
      LoadChannelCredentials(
          {.certificate = "", .key = "", .authorities = "/no/such.pem"}),
      StatusIs(absl::StatusCode::kNotFound,
               testing::HasSubstr("/no/such.pem")));
  const std::string path =
      testing::TempDir() + "/tls_test." + std::to_string(getpid()) + ".pem";
  std::ofstream(path) << "no certificate";
  EXPECT_THAT(LoadChannelCredentials(
                  {.certificate = "", .key = "", .authorities = path}),
              StatusIs(kPrecondition, testing::HasSubstr("is not PEM")));
}

}  // namespace
}  // namespace binferry
