// What a precheck finds about the selected tables.
#ifndef BINFERRY_WORKER_PRECHECK_OBJECT_ITEMS_H_
#define BINFERRY_WORKER_PRECHECK_OBJECT_ITEMS_H_

#include <vector>

#include "absl/status/status.h"
#include "worker/precheck/object_facts.h"
#include "worker/precheck/precheck_item.h"

namespace binferry::worker {

// The items `objects_…` of docs/precheck.md, in its order.
std::vector<PrecheckItem> JudgeObjects(const ObjectFacts& facts);

// objects_selected alone, where the selection itself is no good: `status` says
// why.
PrecheckItem JudgeBadSelection(const absl::Status& status);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_OBJECT_ITEMS_H_
