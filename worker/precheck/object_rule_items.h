// What a precheck finds about the rules of selected tables.
#ifndef BINFERRY_WORKER_PRECHECK_OBJECT_RULE_ITEMS_H_
#define BINFERRY_WORKER_PRECHECK_OBJECT_RULE_ITEMS_H_

#include <vector>

#include "worker/precheck/object_facts.h"
#include "worker/precheck/precheck_item.h"

namespace binferry::worker {

// Appends objects_rule_columns, objects_key_columns, objects_key_uniqueness,
// objects_row_filters, objects_filter_collations, objects_row_image and
// objects_hash_salt.
void JudgeObjectRules(const ObjectFacts& facts,
                      std::vector<PrecheckItem>* items);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_OBJECT_RULE_ITEMS_H_
