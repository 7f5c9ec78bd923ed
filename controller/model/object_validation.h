// The rules of what a task selects and does to rows.
#ifndef BINFERRY_CONTROLLER_MODEL_OBJECT_VALIDATION_H_
#define BINFERRY_CONTROLLER_MODEL_OBJECT_VALIDATION_H_

#include <vector>

#include "controller/model/task_secrets.h"
#include "controller/model/task_spec.h"
#include "controller/model/violation_list.h"

namespace binferry::controller {

// Parts of CheckTaskSpec (task_spec_validation.h), as those of
// endpoint_validation.h. Selecting nothing is no violation here: see
// IncompleteFields.
void CheckObjects(const TaskSpec& spec, const TaskSecrets& secrets,
                  ViolationList* list);

// `path` is that of the rules, e.g. "task.objects.databases[0].rules".
void CheckTableRules(const TableRules& rules, const std::string& path,
                     const TaskSecrets& secrets, ViolationList* list);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_OBJECT_VALIDATION_H_
