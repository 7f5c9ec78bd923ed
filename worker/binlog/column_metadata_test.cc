#include "worker/binlog/column_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "worker/binlog/byte_reader.h"

namespace binferry::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

class ColumnMetadataTest : public ::testing::Test {
 protected:
  bool Parse(absl::string_view hex) {
    bytes_ = absl::HexStringToBytes(hex);
    return metadata_.Parse(AsBytes(bytes_));
  }

  std::string bytes_;
  ColumnMetadata metadata_;
};

TEST_F(ColumnMetadataTest, HasNothingWhereNothingIsWritten) {
  EXPECT_TRUE(Parse(""));
  EXPECT_FALSE(metadata_.has_names());
  EXPECT_EQ(metadata_.NextName(), std::nullopt);
  EXPECT_EQ(metadata_.NextIsUnsigned(), std::nullopt);
  EXPECT_EQ(metadata_.NextCollation(), std::nullopt);
  EXPECT_THAT(metadata_.KeyColumns(), Optional(IsEmpty()));
}

TEST_F(ColumnMetadataTest, ReadsSignsFromTheMostSignificantBitOn) {
  ASSERT_TRUE(Parse("0102a080"));
  std::string signs;
  for (int i = 0; i < 16; ++i) {
    signs += metadata_.NextIsUnsigned() == true ? 'u' : 's';
  }
  EXPECT_EQ(signs, "ususssssusssssss");
  EXPECT_EQ(metadata_.NextIsUnsigned(), std::nullopt);
}

TEST_F(ColumnMetadataTest, ReadsNamesInOrder) {
  ASSERT_TRUE(Parse("0406026964036b65"));
  EXPECT_EQ(metadata_.NextName(), "id");
  EXPECT_EQ(metadata_.NextName(), std::nullopt);  // It is cut off.
  ASSERT_TRUE(Parse("0407026964036b6579"));
  EXPECT_EQ(metadata_.NextName(), "id");
  EXPECT_EQ(metadata_.NextName(), "key");
  EXPECT_EQ(metadata_.NextName(), std::nullopt);
}

TEST_F(ColumnMetadataTest, ReadsCollationsByColumn) {
  ASSERT_TRUE(Parse("03053f08fcff00"));
  EXPECT_EQ(metadata_.NextCollation(), 63u);
  EXPECT_EQ(metadata_.NextCollation(), 8u);
  EXPECT_EQ(metadata_.NextCollation(), 255u);
  EXPECT_EQ(metadata_.NextCollation(), std::nullopt);
}

TEST_F(ColumnMetadataTest, ReadsCollationsAsExceptionsFromADefault) {
  ASSERT_TRUE(Parse("0207fcff0001080321"));
  EXPECT_EQ(metadata_.NextCollation(), 255u);
  EXPECT_EQ(metadata_.NextCollation(), 8u);
  EXPECT_EQ(metadata_.NextCollation(), 255u);
  EXPECT_EQ(metadata_.NextCollation(), 33u);
  EXPECT_EQ(metadata_.NextCollation(), 255u);
}

TEST_F(ColumnMetadataTest, ReadsKeysInKeyOrder) {
  ASSERT_TRUE(Parse("0803020001"));
  EXPECT_THAT(metadata_.KeyColumns(), Optional(ElementsAre(2, 0, 1)));
  ASSERT_TRUE(Parse("090402050000"));
  EXPECT_THAT(metadata_.KeyColumns(), Optional(ElementsAre(2, 0)));
  ASSERT_TRUE(Parse("090102"));  // A column without its prefix length.
  EXPECT_EQ(metadata_.KeyColumns(), std::nullopt);
}

TEST_F(ColumnMetadataTest, RefusesFieldsThatAreCutOff) {
  EXPECT_FALSE(Parse("01"));
  EXPECT_FALSE(Parse("0102a0"));
  EXPECT_FALSE(Parse("0201fc"));
  EXPECT_FALSE(Parse("02020801"));
}

}  // namespace
}  // namespace binferry::worker
