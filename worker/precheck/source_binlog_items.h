// What a precheck finds about how the server writes its binlog.
#ifndef BINFERRY_WORKER_PRECHECK_SOURCE_BINLOG_ITEMS_H_
#define BINFERRY_WORKER_PRECHECK_SOURCE_BINLOG_ITEMS_H_

#include <vector>

#include "worker/precheck/precheck_item.h"
#include "worker/precheck/source_facts.h"

namespace binferry::worker {

// Appends source_binlog and, where it is on, the items about its content.
void JudgeBinlog(const SourceServerFacts& facts,
                 std::vector<PrecheckItem>* items);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_SOURCE_BINLOG_ITEMS_H_
