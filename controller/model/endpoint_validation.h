// The rules of a task's source and destination.
#ifndef BINFERRY_CONTROLLER_MODEL_ENDPOINT_VALIDATION_H_
#define BINFERRY_CONTROLLER_MODEL_ENDPOINT_VALIDATION_H_

#include "controller/model/task_secrets.h"
#include "controller/model/task_spec.h"
#include "controller/model/violation_list.h"

namespace binferry::controller {

// Parts of CheckTaskSpec (task_spec_validation.h): each adds every violation of
// its part of the spec, paths beginning with "task.".
void CheckSource(const SourceSpec& source, const TaskSecrets& secrets,
                 ViolationList* list);
void CheckDestination(const DestinationSpec& destination,
                      const TaskSecrets& secrets, ViolationList* list);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_ENDPOINT_VALIDATION_H_
