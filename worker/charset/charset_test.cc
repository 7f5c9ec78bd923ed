#include "worker/charset/charset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;

void ExpectCharset(Charset charset, std::initializer_list<uint32_t> ids) {
  for (const uint32_t id : ids) {
    EXPECT_THAT(CharsetOfCollation(id), IsOkAndHolds(charset)) << id;
  }
}

TEST(CharsetTest, KnowsTheCollationsOfTheSetsThatItReads) {
  ExpectCharset(Charset::kUtf8mb4, {45, 46, 224, 247, 255, 305, 309, 323});
  ExpectCharset(Charset::kUtf8mb3, {33, 76, 83, 192, 215, 223});
  ExpectCharset(Charset::kLatin1, {5, 8, 15, 31, 47, 48, 49, 94});
  ExpectCharset(Charset::kAscii, {11, 65});
  ExpectCharset(Charset::kBinary, {63});
}

TEST(CharsetTest, RefusesOtherSetsByName) {
  EXPECT_THAT(CharsetOfCollation(28),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("gbk (collation id 28)")));
  EXPECT_THAT(CharsetOfCollation(101),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("utf16 (")));
  EXPECT_THAT(
      CharsetOfCollation(248),
      StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("gb18030 (")));
}

TEST(CharsetTest, RefusesUnknownIdsByNumber) {
  for (const uint32_t id : {0u, 17u, 191u, 216u, 324u, 2048u, 0xffffffffu}) {
    EXPECT_THAT(CharsetOfCollation(id),
                StatusIs(absl::StatusCode::kUnimplemented,
                         HasSubstr(absl::StrCat("id ", id))));
  }
}

TEST(CharsetTest, KnowsNoMoreIdsThanTheSetsHave) {
  int known = 0;
  for (uint32_t id = 0; id < 324; ++id) {
    if (CharsetOfCollation(id).ok()) ++known;
  }
  EXPECT_EQ(known, 2 + 24 + 69 + 4 + 24 + 8 + 2 + 1);
}

TEST(CharsetTest, NamesSetsAsMysqlDoes) {
  EXPECT_EQ(CharsetName(Charset::kUtf8mb4), "utf8mb4");
  EXPECT_EQ(CharsetName(Charset::kUtf8mb3), "utf8mb3");
  EXPECT_EQ(CharsetName(Charset::kLatin1), "latin1");
  EXPECT_EQ(CharsetName(Charset::kAscii), "ascii");
  EXPECT_EQ(CharsetName(Charset::kBinary), "binary");
}

}  // namespace
}  // namespace binferry::worker
