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

TEST_F(ColumnMetadataTest, ReadsLabelsByColumn) {
  // SET a; ENUM x, "" and y; their collations: 8, 255.
  ASSERT_TRUE(
      Parse("0503010161060702017800010179"
            "0b0408fcff00"));
  EXPECT_THAT(metadata_.NextSetLabels(), Optional(ElementsAre("a")));
  EXPECT_EQ(metadata_.NextSetLabels(), std::nullopt);
  EXPECT_THAT(metadata_.NextEnumLabels(), Optional(ElementsAre("x", "")));
  EXPECT_THAT(metadata_.NextEnumLabels(), Optional(ElementsAre("y")));
  EXPECT_EQ(metadata_.NextEnumLabels(), std::nullopt);
  EXPECT_EQ(metadata_.NextLabelCollation(), 8u);
  EXPECT_EQ(metadata_.NextLabelCollation(), 255u);
  EXPECT_EQ(metadata_.NextLabelCollation(), std::nullopt);
  EXPECT_EQ(metadata_.NextCollation(), std::nullopt);
}

TEST_F(ColumnMetadataTest, ReadsLabelCollationsAsExceptionsFromADefault) {
  ASSERT_TRUE(Parse("0a03080121"));
  EXPECT_EQ(metadata_.NextLabelCollation(), 8u);
  EXPECT_EQ(metadata_.NextLabelCollation(), 33u);
  EXPECT_EQ(metadata_.NextLabelCollation(), 8u);
}

TEST_F(ColumnMetadataTest, HasNoMoreLabelsThanMysqlAllows) {
  std::string labels = absl::HexStringToBytes("41") + std::string(65, '\0');
  bytes_ = absl::HexStringToBytes("0542") + labels;
  ASSERT_TRUE(metadata_.Parse(AsBytes(bytes_)));
  EXPECT_EQ(metadata_.NextSetLabels(), std::nullopt);
  ASSERT_TRUE(Parse("0604fd000001"));  // 65,536 announced.
  EXPECT_EQ(metadata_.NextEnumLabels(), std::nullopt);
  ASSERT_TRUE(Parse("060100"));
  EXPECT_EQ(metadata_.NextEnumLabels(), std::nullopt);
}

TEST_F(ColumnMetadataTest, ReadsGeometryTypes) {
  ASSERT_TRUE(Parse("07020007"));
  EXPECT_EQ(metadata_.NextGeometryType(), 0u);
  EXPECT_EQ(metadata_.NextGeometryType(), 7u);
  EXPECT_EQ(metadata_.NextGeometryType(), std::nullopt);
}

TEST_F(ColumnMetadataTest, KnowsWhichFieldsThereAre) {
  ASSERT_TRUE(Parse(""));
  EXPECT_TRUE(metadata_.is_empty());
  ASSERT_TRUE(Parse("0d0103"));
  EXPECT_FALSE(metadata_.is_empty());
  EXPECT_FALSE(metadata_.has_names());
  EXPECT_FALSE(metadata_.has_visibility());
  EXPECT_FALSE(metadata_.has_label_collations());
  ASSERT_TRUE(Parse("0c0180"));
  EXPECT_TRUE(metadata_.has_visibility());
  ASSERT_TRUE(Parse("0b0108"));
  EXPECT_TRUE(metadata_.has_label_collations());
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
  EXPECT_FALSE(Parse("0a020801"));
}

TEST_F(ColumnMetadataTest, RefusesExceptionsOutOfOrder) {
  EXPECT_TRUE(Parse("02050801080308"));
  EXPECT_FALSE(Parse("02050803080108"));
  EXPECT_FALSE(Parse("02050801080108"));
}

}  // namespace
}  // namespace binferry::worker
