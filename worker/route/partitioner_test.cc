#include "worker/route/partitioner.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"

namespace binferry::worker {
namespace {

TEST(PartitionerTest, HashesAsTheJavaClientDoes) {
  // From the client's own UtilsTest.testMurmur2.
  EXPECT_EQ(Murmur2("21"), -973932308);
  EXPECT_EQ(Murmur2("foobar"), -790332482);
  EXPECT_EQ(Murmur2("a-little-bit-long-string"), -985981536);
  EXPECT_EQ(Murmur2("a-little-bit-longer-string"), -1486304829);
  EXPECT_EQ(Murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"),
            -58897971);
  EXPECT_EQ(Murmur2("abc"), 479470107);
}

TEST(PartitionerTest, HashesBytesAboveAsciiAsUnsigned) {
  // Computed with the client's algorithm in Java.
  EXPECT_EQ(Murmur2(""), 275646681);
  EXPECT_EQ(Murmur2("\xff"), -311467685);
  EXPECT_EQ(Murmur2("{\"id\":\"\xc3\xa9\xe4\xb8\xad\"}"), 1284476757);
}

TEST(PartitionerTest, ClearsTheSignInsteadOfNegating) {
  // -973932308 & 0x7fffffff = 1173551340.
  EXPECT_EQ(PartitionOf("21", 1'000'000), 551'340);
  EXPECT_EQ(PartitionOf("21", std::numeric_limits<int32_t>::max()),
            1'173'551'340);
  EXPECT_EQ(PartitionOf("abc", 10), 7);
}

TEST(PartitionerTest, OnePartitionTakesAll) {
  EXPECT_EQ(PartitionOf("21", 1), 0);
  EXPECT_EQ(PartitionOf("", 1), 0);
}

TEST(PartitionerTest, TableGoesByItsQualifiedName) {
  EXPECT_EQ(PartitionOfTable("db", "t", 1000), PartitionOf("db.t", 1000));
}

TEST(PartitionerTest, ManyKeysReachEveryPartition) {
  std::set<int32_t> reached;
  for (int i = 0; i < 1000; ++i) {
    reached.insert(PartitionOf(absl::StrCat("{\"id\":\"", i, "\"}"), 12));
  }
  EXPECT_EQ(reached.size(), 12u);
}

}  // namespace
}  // namespace binferry::worker
