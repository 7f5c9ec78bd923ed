// Which parts of a task an update changes.
#ifndef BINFERRY_CONTROLLER_API_TASK_MASK_H_
#define BINFERRY_CONTROLLER_API_TASK_MASK_H_

#include <google/protobuf/field_mask.pb.h>

#include <set>
#include <vector>

#include "binferry/v1/task.pb.h"
#include "controller/model/field_violation.h"
#include "controller/model/task_secrets.h"

namespace binferry::controller {

// Every path that is unknown, output only, or not to be changed at all; that
// there is none.
std::vector<FieldViolation> CheckTaskMask(
    const google::protobuf::FieldMask& mask);

// Puts what `mask` names from `from` into `task`, both without secrets; lists
// and maps are replaced whole. The mask must have passed CheckTaskMask.
void ApplyTaskMask(const google::protobuf::FieldMask& mask,
                   const v1::Task& from, v1::Task* task);

// What an update does to secrets. A secret is replaced if the mask names it or
// a message around it and the request has a text; a secret that the mask names
// itself and whose text is empty is cleared; all others stay.
struct SecretChange {
  TaskSecrets set;
  std::set<SecretField> cleared;
};
SecretChange SecretChangeOf(const google::protobuf::FieldMask& mask,
                            const v1::Task& from);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_TASK_MASK_H_
