#include "worker/binlog/gtid_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kA[] = "0a10f000-0000-11ef-8000-000000000001";
constexpr char kB[] = "ff10f000-0000-11ef-8000-000000000002";

std::string A(const std::string& rest) { return std::string(kA) + rest; }
std::string B(const std::string& rest) { return std::string(kB) + rest; }

GtidSet Set(const std::string& text) {
  absl::StatusOr<GtidSet> set = GtidSet::Parse(text);
  EXPECT_THAT(set, IsOk()) << text;
  return set.ok() ? *set : GtidSet();
}

GtidOrigin OriginA(const std::string& tag = "") {
  GtidOrigin origin;
  const std::string bytes =
      absl::HexStringToBytes("0a10f000000011ef8000000000000001");
  std::copy(bytes.begin(), bytes.end(), origin.uuid.begin());
  origin.tag = tag;
  return origin;
}

TEST(GtidSetTest, NormalizesTextWithBlanksCaseOrderAndOverlaps) {
  EXPECT_EQ(Set("").ToString(), "");
  EXPECT_EQ(Set(" \n ").ToString(), "");
  EXPECT_EQ(Set(A(":1")).ToString(), A(":1"));
  EXPECT_EQ(Set(A(":1-1")).ToString(), A(":1"));
  EXPECT_EQ(Set(A(":7:1-3:4-5:2")).ToString(), A(":1-5:7"));
  EXPECT_EQ(Set(B(":2,\n") + A(" : 1 - 5 ,") + B(":1")).ToString(),
            A(":1-5,") + B(":1-2"));
  EXPECT_EQ(Set("0A10F000-0000-11EF-8000-000000000001:3").ToString(), A(":3"));
  EXPECT_EQ(Set("," + A(":3,,")).ToString(), A(":3"));
}

TEST(GtidSetTest, KeepsTagsApartFromUntaggedTransactions) {
  const std::string text = A(":1-6:tagx:1:5-7:zz:2");
  EXPECT_EQ(Set(text).ToString(), text);
  EXPECT_EQ(Set(A(":TagX:1")).ToString(), A(":tagx:1"));
  // The tag holds until the next one or the next UUID.
  EXPECT_EQ(Set(A(":b:1:a:1:b:2,") + A(":3")).ToString(), A(":3:a:1:b:1-2"));
  EXPECT_FALSE(Set(A(":1-6")).Contains({OriginA("tagx"), 1}));
  EXPECT_TRUE(Set(text).Contains({OriginA("tagx"), 6}));
  EXPECT_FALSE(Set(text).Contains({OriginA("tagx"), 2}));
}

TEST(GtidSetTest, RefusesBadTextAndNamesThePart) {
  for (const std::string& bad :
       {std::string("nonsense"), A(""), A(":"), A(":0"), A(":5-3"), A(":-1"),
        A(":+1"), A(":1-"), A(":1-2-3"), A(":1 2"), A(":tag"), A(":a:b:1"),
        A(":1:tagx"), A(":9223372036854775807"), A(":99999999999999999999"),
        A(":a-b:1"), A(":a23456789012345678901234567890123:1"),
        std::string("0a10f000-0000-11ef-8000-00000000000g:1"),
        std::string("0a10f00000-00-11ef-8000-000000000001:1")}) {
    EXPECT_THAT(GtidSet::Parse(bad),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("not a GTID set")))
        << bad;
  }
  EXPECT_THAT(GtidSet::Parse(A(":1-3,") + B(":oops!")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("'oops!'"), HasSubstr("uuid:"))));
}

TEST(GtidSetTest, TakesTheLargestNumberOfTheServer) {
  EXPECT_EQ(Set(A(":9223372036854775806")).ToString(),
            A(":9223372036854775806"));
}

TEST(GtidSetTest, MergesAdjacentIntervalsWhenAdding) {
  GtidSet set;
  set.Add(Gtid{OriginA(), 5});
  set.Add(Gtid{OriginA(), 7});
  EXPECT_EQ(set.ToString(), A(":5:7"));
  set.Add(Gtid{OriginA(), 6});
  EXPECT_EQ(set.ToString(), A(":5-7"));
  set.Add(Gtid{OriginA(), 6});
  set.Add(Gtid{OriginA(), 1});
  EXPECT_EQ(set.ToString(), A(":1:5-7"));
  set.Add(Set(A(":2-4:20-30,") + B(":9")));
  EXPECT_EQ(set.ToString(), A(":1-7:20-30,") + B(":9"));
}

TEST(GtidSetTest, ContainsASetOnlyWithAllItsTransactions) {
  const GtidSet set = Set(A(":1-10:20,") + B(":tagx:1-3"));
  EXPECT_TRUE(set.Contains(GtidSet()));
  EXPECT_TRUE(set.Contains(set));
  EXPECT_TRUE(set.Contains(Set(A(":3-4:20"))));
  EXPECT_FALSE(set.Contains(Set(A(":10-11"))));
  EXPECT_FALSE(set.Contains(Set(B(":1"))));
  EXPECT_FALSE(GtidSet().Contains(set));
}

TEST(GtidSetTest, MinusLeavesWhatTheOtherLacks) {
  const GtidSet set = Set(A(":1-10:20-30:tagx:1,") + B(":5"));
  EXPECT_TRUE(set.Minus(set).empty());
  EXPECT_EQ(set.Minus(GtidSet()), set);
  EXPECT_EQ(set.Minus(Set(A(":1:3-4:8-22:30"))).ToString(),
            A(":2:5-7:23-29:tagx:1,") + B(":5"));
  EXPECT_EQ(set.Minus(Set(A(":1-100,") + B(":1-4:6"))).ToString(),
            A(":tagx:1,") + B(":5"));
}

TEST(GtidSetTest, SharesAUuidWhateverTheTag) {
  EXPECT_TRUE(Set(A(":1,") + B(":1")).SharesUuid(Set(B(":tagx:7"))));
  EXPECT_FALSE(Set(A(":1")).SharesUuid(Set(B(":1"))));
  EXPECT_FALSE(GtidSet().SharesUuid(Set(B(":1"))));
}

TEST(GtidSetTest, EncodesAnUntaggedSetAsEveryVersionReadsIt) {
  EXPECT_EQ(absl::BytesToHexString(Set(A(":1-5:7")).Encode()),
            "0100000000000000"
            "0a10f000000011ef8000000000000001"
            "0200000000000000"
            "01000000000000000600000000000000"
            "07000000000000000800000000000000");
  EXPECT_EQ(absl::BytesToHexString(GtidSet().Encode()), "0000000000000000");
}

TEST(GtidSetTest, EncodesATaggedSetWithAnEntryPerTag) {
  EXPECT_EQ(absl::BytesToHexString(Set(A(":1-6:tagx:1")).Encode()),
            "0102000000000001"
            "0a10f000000011ef8000000000000001"
            "00"
            "0100000000000000"
            "01000000000000000700000000000000"
            "0a10f000000011ef8000000000000001"
            "0874616778"
            "0100000000000000"
            "01000000000000000200000000000000");
}

TEST(GtidSetTest, DecodesWhatItEncodes) {
  for (const std::string& text :
       {std::string(), A(":1"), A(":1-5:7:9-11,") + B(":3"),
        A(":1-6:a:1:b_9:2-3,") + B(":zz:1")}) {
    EXPECT_THAT(GtidSet::Decode(Set(text).Encode()), IsOkAndHolds(Set(text)));
  }
}

TEST(GtidSetTest, DecodingDamagedBytesIsDataLoss) {
  for (const std::string& text : {A(":1-5:7,") + B(":3"), A(":1-6:tagx:1")}) {
    const std::string good = Set(text).Encode();
    for (size_t length = 0; length < good.size(); ++length) {
      EXPECT_THAT(GtidSet::Decode(good.substr(0, length)),
                  StatusIs(absl::StatusCode::kDataLoss))
          << length;
    }
    EXPECT_THAT(GtidSet::Decode(good + "x"),
                StatusIs(absl::StatusCode::kDataLoss));
    // No flipped bit may crash; what still decodes must be a normal set.
    for (size_t bit = 0; bit < good.size() * 8; ++bit) {
      std::string flipped = good;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      const absl::StatusOr<GtidSet> set = GtidSet::Decode(flipped);
      if (set.ok()) {
        EXPECT_EQ(Set(set->ToString()), *set);
      }
    }
  }
}

TEST(GtidSetTest, AgreesWithAPlainSetOfNumbers) {
  std::mt19937 random(20261122);  // A fixed seed: every run the same.
  for (int round = 0; round < 200; ++round) {
    std::set<uint64_t> plain[2];
    GtidSet sets[2];
    for (int which = 0; which < 2; ++which) {
      for (int i = 0; i < 20; ++i) {
        const uint64_t number = 1 + random() % 40;
        plain[which].insert(number);
        sets[which].Add(Gtid{OriginA(), number});
      }
    }
    const GtidSet minus = sets[0].Minus(sets[1]);
    GtidSet both = sets[0];
    both.Add(sets[1]);
    for (uint64_t n = 1; n <= 41; ++n) {
      const Gtid gtid{OriginA(), n};
      const bool in_a = plain[0].count(n) != 0;
      const bool in_b = plain[1].count(n) != 0;
      EXPECT_EQ(sets[0].Contains(gtid), in_a);
      EXPECT_EQ(minus.Contains(gtid), in_a && !in_b);
      EXPECT_EQ(both.Contains(gtid), in_a || in_b);
    }
    EXPECT_EQ(Set(both.ToString()), both);
    EXPECT_EQ(Set(minus.ToString()), minus);
  }
}

TEST(GtidTest, PrintsItsTagOnlyIfItHasOne) {
  EXPECT_EQ((Gtid{OriginA(), 5}.ToString()), A(":5"));
  EXPECT_EQ((Gtid{OriginA("tagx"), 5}.ToString()), A(":tagx:5"));
}

}  // namespace
}  // namespace binferry::worker
