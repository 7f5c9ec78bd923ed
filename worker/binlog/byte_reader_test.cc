#include "worker/binlog/byte_reader.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {
namespace {

TEST(ByteReaderTest, ReadsLittleEndianNumbers) {
  const std::vector<uint8_t> bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.U8(), 1);
  EXPECT_EQ(reader.U16(), 0x0302);
  EXPECT_EQ(reader.Fixed(3), 0x060504u);
  EXPECT_EQ(reader.U32(), 0x0a090807u);
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_TRUE(reader.ok());
}

TEST(ByteReaderTest, FailsForGoodWhenTheBytesEnd) {
  const std::vector<uint8_t> bytes = {1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.U32(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.U8(), 0);
  EXPECT_TRUE(reader.Rest().empty());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReaderTest, RefusesLengthsBeyondTheEndWhateverTheirSize) {
  const std::string bytes = PackedInteger(~uint64_t{0}) + "abc";
  ByteReader reader(AsBytes(bytes));
  EXPECT_TRUE(reader.PackedBytes().empty());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReaderTest, ReadsPackedIntegersOfEverySize) {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{250}, uint64_t{251}, uint64_t{255},
        uint64_t{0xffff}, uint64_t{0x10000}, uint64_t{0xffffff},
        uint64_t{0x1000000}, std::numeric_limits<uint64_t>::max()}) {
    const std::string bytes = PackedInteger(value);
    ByteReader reader(AsBytes(bytes));
    EXPECT_EQ(reader.Packed(), value);
    EXPECT_TRUE(reader.ok() && reader.AtEnd()) << value;
  }
}

TEST(ByteReaderTest, RefusesTheNullAndErrorMarksOfPackedIntegers) {
  for (const uint8_t mark : {uint8_t{251}, uint8_t{255}}) {
    const std::vector<uint8_t> bytes = {mark, 1, 2, 3, 4, 5, 6, 7, 8};
    ByteReader reader(bytes);
    EXPECT_EQ(reader.Packed(), 0u);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(ByteReaderTest, ReadsVarlenIntegersOfEverySize) {
  for (int bits = 0; bits <= 64; ++bits) {
    const uint64_t value = bits == 0 ? 0 : ~uint64_t{0} >> (64 - bits);
    const std::string bytes = VarlenInteger(value);
    ByteReader reader(AsBytes(bytes));
    EXPECT_EQ(reader.Varlen(), value) << bits;
    EXPECT_TRUE(reader.ok() && reader.AtEnd()) << bits;
  }
}

TEST(ByteReaderTest, ReadsVarlenIntegersAsTheServerWritesThem) {
  // A length of 57, and the UUID byte 0xa9, in a GTID_TAGGED event of 9.7.4.
  const std::vector<uint8_t> bytes = {0x72, 0xa5, 0x02};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Varlen(), 57u);
  EXPECT_EQ(reader.Varlen(), 0xa9u);
  EXPECT_TRUE(reader.ok());
}

TEST(ByteReaderTest, ReadsSignedVarlenIntegers) {
  for (const int64_t value :
       {int64_t{0}, int64_t{-1}, int64_t{1}, int64_t{-65}, int64_t{1} << 40,
        std::numeric_limits<int64_t>::min(),
        std::numeric_limits<int64_t>::max()}) {
    const std::string bytes = SignedVarlenInteger(value);
    ByteReader reader(AsBytes(bytes));
    EXPECT_EQ(reader.SignedVarlen(), value);
    EXPECT_TRUE(reader.ok() && reader.AtEnd());
  }
}

}  // namespace
}  // namespace binferry::worker
