// What a precheck finds about the server itself.
#ifndef BINFERRY_WORKER_PRECHECK_SOURCE_ITEMS_H_
#define BINFERRY_WORKER_PRECHECK_SOURCE_ITEMS_H_

#include <vector>

#include "absl/status/status.h"
#include "worker/precheck/precheck_item.h"
#include "worker/precheck/source_facts.h"

namespace binferry::worker {

// The items `source_…` of docs/precheck.md, in its order, but for
// source_connection; where the binlog is off, those about its content are left
// out, and where it can't be looked at, source_start_position.
std::vector<PrecheckItem> JudgeSource(const SourceServerFacts& facts);

// The item source_connection: `status` is what connecting, or asking, came to.
PrecheckItem JudgeSourceConnection(const std::string& where,
                                   const absl::Status& status);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_SOURCE_ITEMS_H_
