// One fault of a request.
#ifndef BINFERRY_CONTROLLER_MODEL_FIELD_VIOLATION_H_
#define BINFERRY_CONTROLLER_MODEL_FIELD_VIOLATION_H_

#include "common/status_details.h"

namespace binferry::controller {

// `field`: path in the request, e.g.
// "task.objects.databases[1].tables[0].name". `description`: the rule, what was
// found, and what to do; never a secret.
using FieldViolation = ::binferry::FieldViolation;

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_FIELD_VIOLATION_H_
