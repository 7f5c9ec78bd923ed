// Some of the damage that can be done to recorded files; the rest of it is done
// by damaged_file_long_test.
#include "worker/binlog/testing/damaged_file.h"

#include <gtest/gtest.h>

#include <string>

namespace binferry::worker {
namespace {

// Prime, so that all bits of a byte have their turn.
constexpr DamageChoice kSomeBits = {.first = 0, .step = 1009};
constexpr DamageChoice kSomeLengths = {.first = 0, .step = 509};
constexpr DamageChoice kSomeEvents = {.first = 0, .step = 7};

class DamagedFileTest : public testing::TestWithParam<std::string> {
 protected:
  DamagedFile file_{GetParam()};
};

TEST_P(DamagedFileTest, NoFlippedBitPasses) { file_.FlipBits(kSomeBits); }

TEST_P(DamagedFileTest, NoFlippedBitOfAHeaderPasses) { file_.FlipHeaderBits(); }

TEST_P(DamagedFileTest, NoWrongSizePasses) { file_.FlipSizeBits(kSomeEvents); }

TEST_P(DamagedFileTest, NoFlippedBitOfTheFormatPasses) {
  file_.FlipFormatBits();
}

TEST_P(DamagedFileTest, NoTruncationPasses) { file_.Truncate(kSomeLengths); }

INSTANTIATE_TEST_SUITE_P(Recorded, DamagedFileTest,
                         testing::ValuesIn(RecordedFiles()), FileTestName);

}  // namespace
}  // namespace binferry::worker
