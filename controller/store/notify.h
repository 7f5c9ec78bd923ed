// Telling all controllers of a change, in the transaction that makes it.
#ifndef BINFERRY_CONTROLLER_STORE_NOTIFY_H_
#define BINFERRY_CONTROLLER_STORE_NOTIFY_H_

#include <vector>

#include "absl/status/status.h"
#include "controller/store/change_feed.h"
#include "controller/store/pg_connection.h"

namespace binferry::controller {

inline constexpr char kNotifyChannel[] = "binferry";

// Heard by every ChangeFeed when `transaction` commits.
absl::Status Notify(PgTransaction* transaction,
                    const std::vector<Change>& changes);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_NOTIFY_H_
