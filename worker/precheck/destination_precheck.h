// Testing and checking a task's destination.
#ifndef BINFERRY_WORKER_PRECHECK_DESTINATION_PRECHECK_H_
#define BINFERRY_WORKER_PRECHECK_DESTINATION_PRECHECK_H_

#include <vector>

#include "common/clock.h"
#include "worker/precheck/destination_view.h"
#include "worker/precheck/precheck_item.h"
#include "worker/precheck/test_step.h"

namespace binferry::worker {

// The steps of DestinationView and, after them, PERMISSIONS: the rights that
// `trial.use` needs. What each found, or its cause and remedy; no secrets.
std::vector<TestStep> TryDestination(const DestinationTrial& trial,
                                     const Clock* clock);

// The items `destination_…` and `topics_…` of docs/precheck.md. Where the
// destination can't be used there is destination_connection alone. Never an
// error: what can't be found out is an item that FAILED.
std::vector<PrecheckItem> PrecheckDestination(const DestinationTrial& trial,
                                              const Clock* clock);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_DESTINATION_PRECHECK_H_
