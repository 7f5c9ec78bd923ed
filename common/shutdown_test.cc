#include "common/shutdown.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

TEST(ShutdownSignalTest, ComesWithSigterm) {
  auto shutdown = ShutdownSignal::Create();
  ASSERT_THAT(shutdown, IsOk());
  EXPECT_FALSE((*shutdown)->Wait(absl::ZeroDuration()));
  EXPECT_FALSE((*shutdown)->Wait(absl::Milliseconds(1)));
  kill(getpid(), SIGTERM);
  EXPECT_TRUE((*shutdown)->Wait(absl::Seconds(10)));
  EXPECT_TRUE((*shutdown)->Wait());
}

TEST(ShutdownSignalDeathTest, LetsASecondSignalEndTheProcess) {
  EXPECT_EXIT(
      {
        auto shutdown = ShutdownSignal::Create();
        kill(getpid(), SIGINT);
        (*shutdown)->Wait();
        kill(getpid(), SIGINT);
        pause();
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace binferry
