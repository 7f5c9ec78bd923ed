#include "controller/api/page_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::controller {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(PageTokenTest, ReturnsTheKeyOfItsQuery) {
  const std::string token = EncodePageToken("query", {"shop", "orders"});
  EXPECT_THAT(DecodePageToken("query", token, 2),
              IsOkAndHolds(testing::ElementsAre("shop", "orders")));
}

TEST(PageTokenTest, IsBoundToItsQuery) {
  const std::string token = EncodePageToken("query", {"shop", "orders"});
  EXPECT_THAT(DecodePageToken("other", token, 2),
              StatusIs(kInvalid, testing::HasSubstr("another query")));
  EXPECT_THAT(DecodePageToken("query", token, 1), StatusIs(kInvalid));
}

TEST(PageTokenTest, RefusesGarbage) {
  for (const char* token : {"x", "!!!", "AAAA", "e30="}) {
    EXPECT_THAT(DecodePageToken("query", token, 1), StatusIs(kInvalid))
        << token;
  }
  EXPECT_THAT(DecodePageToken("query", std::string(100'000, 'A'), 1),
              StatusIs(kInvalid));
}

}  // namespace
}  // namespace binferry::controller
