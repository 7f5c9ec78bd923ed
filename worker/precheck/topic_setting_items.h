// Judging the settings of topics that exist.
#ifndef BINFERRY_WORKER_PRECHECK_TOPIC_SETTING_ITEMS_H_
#define BINFERRY_WORKER_PRECHECK_TOPIC_SETTING_ITEMS_H_

#include <vector>

#include "worker/precheck/destination_facts.h"
#include "worker/precheck/precheck_item.h"

namespace binferry::worker {

// Those of the items `topics_…` that look at cleanup policy, record size and
// durability.
std::vector<PrecheckItem> TopicSettingItems(const DestinationFacts& facts,
                                            const DestinationUse& use);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_TOPIC_SETTING_ITEMS_H_
