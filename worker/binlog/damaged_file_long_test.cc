// Every bit of the recorded files flipped, every length of them cut.
#include <gtest/gtest.h>

#include <string>

#include "worker/binlog/testing/damaged_file.h"

namespace binferry::worker {
namespace {

constexpr DamageChoice kAll;

class DamagedFileLongTest : public testing::TestWithParam<std::string> {
 protected:
  DamagedFile file_{GetParam()};
};

TEST_P(DamagedFileLongTest, NoFlippedBitPasses) { file_.FlipBits(kAll); }

TEST_P(DamagedFileLongTest, NoWrongSizePasses) { file_.FlipSizeBits(kAll); }

TEST_P(DamagedFileLongTest, NoTruncationPasses) { file_.Truncate(kAll); }

INSTANTIATE_TEST_SUITE_P(Recorded, DamagedFileLongTest,
                         testing::ValuesIn(RecordedFiles()), FileTestName);

}  // namespace
}  // namespace binferry::worker
