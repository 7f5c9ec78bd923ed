#include "worker/sink/sasl_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

ScramClient Example() {
  return ScramClient(SaslMechanism::kScramSha256, "user", Secret("pencil"),
                     "rOprNGfwEbeRWgbNEkqO");
}

constexpr char kServerFirst[] =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

// The conversation of RFC 7677, 3.
TEST(SaslClientTest, ScramSpeaksTheStandardsExample) {
  ScramClient client = Example();
  EXPECT_EQ(client.First(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const absl::StatusOr<std::string> last = client.Final(kServerFirst);
  ASSERT_THAT(last, IsOk());
  EXPECT_EQ(*last,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_THAT(client.Verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
              IsOk());
  EXPECT_THAT(client.Verify("v=AAAA"),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(SaslClientTest, ScramTakesNoServerThatSaysSomethingElse) {
  for (const char* bad :
       {"", "r=other,s=AAAA,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=0",
        "r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=2000000",
        "r=rOprNGfwEbeRWgbNEkqOx,i=4096", "e=other-error"}) {
    ScramClient client = Example();
    EXPECT_THAT(client.Final(bad).status(),
                StatusIs(absl::StatusCode::kUnauthenticated))
        << bad;
  }
  EXPECT_THAT(Example().Verify("v="),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(SaslClientTest, EscapesUserNames) {
  EXPECT_EQ(
      ScramClient(SaslMechanism::kScramSha512, "a=b,c", Secret(), "n").First(),
      "n,,n=a=3Db=2Cc,r=n");
}

TEST(SaslClientTest, WritesPlainAndBearer) {
  EXPECT_EQ(PlainMessage("u", Secret("p")).Reveal(), std::string("\0u\0p", 4));
  EXPECT_EQ(BearerMessage(Secret("t"), {{"cluster", "c1"}}).Reveal(),
            "n,,\x01"
            "auth=Bearer t\x01"
            "cluster=c1\x01\x01");
}

}  // namespace
}  // namespace binferry::worker
