// Judging the topics that a task is to write.
#ifndef BINFERRY_WORKER_PRECHECK_TOPIC_ITEMS_H_
#define BINFERRY_WORKER_PRECHECK_TOPIC_ITEMS_H_

#include <vector>

#include "worker/precheck/destination_facts.h"
#include "worker/precheck/precheck_item.h"

namespace binferry::worker {

// The items `topics_…`.
std::vector<PrecheckItem> TopicItems(const DestinationFacts& facts,
                                     const DestinationUse& use);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_TOPIC_ITEMS_H_
