#include "worker/sink/oauth_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kWhere[] = "https://id.example/token";

TEST(OauthTokenTest, ReadsTokenAndLifetime) {
  const absl::StatusOr<OauthToken> token = ReadOauthAnswer(
      kWhere, 200, R"({"access_token":"abc.def","expires_in":60})");
  ASSERT_THAT(token, IsOk());
  EXPECT_EQ(token->value.Reveal(), "abc.def");
  EXPECT_EQ(token->lifetime, absl::Seconds(60));
}

TEST(OauthTokenTest, BoundsTheLifetime) {
  const auto lifetime = [](absl::string_view field) {
    const absl::StatusOr<OauthToken> token = ReadOauthAnswer(
        kWhere, 200,
        std::string(R"({"access_token":"a")") + std::string(field) + "}");
    return token.ok() ? token->lifetime : absl::ZeroDuration();
  };
  EXPECT_EQ(lifetime(""), absl::Minutes(5));
  EXPECT_EQ(lifetime(R"(,"expires_in":"x")"), absl::Minutes(5));
  EXPECT_EQ(lifetime(R"(,"expires_in":-3)"), absl::Seconds(1));
  EXPECT_EQ(lifetime(R"(,"expires_in":1e300)"), absl::Hours(365 * 24));
}

TEST(OauthTokenTest, TellsARefusalInTheEndpointsWords) {
  EXPECT_THAT(
      ReadOauthAnswer(
          kWhere, 401,
          R"({"error":"invalid_client","error_description":"bad secret"})")
          .status(),
      StatusIs(absl::StatusCode::kUnauthenticated,
               AllOf(HasSubstr("invalid_client (bad secret)"),
                     HasSubstr("Check client id"))));
  EXPECT_THAT(ReadOauthAnswer(kWhere, 403, "no").status(),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(OauthTokenTest, TellsWhatIsNoTokenEndpoint) {
  for (const char* body : {"<html>", "", "[]", "{}", R"({"access_token":7})",
                           R"({"access_token":""})"}) {
    EXPECT_THAT(ReadOauthAnswer(kWhere, 200, body).status(),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         HasSubstr("token_endpoint")))
        << body;
  }
  EXPECT_THAT(
      ReadOauthAnswer(kWhere, 404, R"({"access_token":"secret-one"})").status(),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               Not(HasSubstr("secret-one"))));
  EXPECT_THAT(ReadOauthAnswer(kWhere, 503, "{}").status(),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace binferry::worker
