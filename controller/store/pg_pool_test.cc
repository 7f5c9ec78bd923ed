#include "controller/store/pg_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "controller/store/testing/store_fixture.h"

namespace binferry::controller {
namespace {

using PgPoolTest = StoreTest;

TEST_F(PgPoolTest, PostgresqlAwayFailsAtOnceAndComesBack) {
  ASSERT_THAT(pool_->Ping(), IsOk());
  ASSERT_THAT(database_->TakeAway(), IsOk());
  const absl::Time start = absl::Now();
  EXPECT_THAT(tasks_->Get({"default", "orders"}),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(assignments_->Beat(Beat(1)),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
  ASSERT_THAT(database_->BringBack(), IsOk());
  absl::Status back;
  for (const absl::Time end = absl::Now() + absl::Seconds(10);
       absl::Now() < end && !(back = pool_->Ping()).ok();) {
    absl::SleepFor(absl::Milliseconds(50));
  }
  EXPECT_THAT(back, IsOk());
}

TEST_F(PgPoolTest, AConnectionClosedWhileIdleIsReplacedUnnoticed) {
  ASSERT_THAT(pool_->Ping(), IsOk());
  ASSERT_THAT(database_->TakeAway(), IsOk());
  ASSERT_THAT(database_->BringBack(), IsOk());
  EXPECT_THAT(pool_->Ping(), IsOk());
}

TEST_F(PgPoolTest, NobodyThereIsUnavailable) {
  PgOptions nobody;
  nobody.connection_string = "host=127.0.0.1 port=1 dbname=x";
  PgPool pool(&clock_, {.connection = nobody});
  const absl::Time start = absl::Now();
  EXPECT_THAT(pool.Ping(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(pool.Ping(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
}

TEST(PgConnectionTest, TellsABrokenConnectionStringFromAServerThatIsAway) {
  for (const char* good : {"host=127.0.0.1 port=1 dbname=x user=y", "",
                           "postgresql://y@127.0.0.1:1/x"}) {
    EXPECT_THAT(CheckConnectionString(good), IsOk()) << good;
  }
  for (const char* bad : {"hst=db", "host", "postgresql://[::1"}) {
    EXPECT_THAT(CheckConnectionString(bad),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << bad;
  }
}

}  // namespace
}  // namespace binferry::controller
