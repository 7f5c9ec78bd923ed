// One fault of a request.
#ifndef BINFERRY_CONTROLLER_MODEL_FIELD_VIOLATION_H_
#define BINFERRY_CONTROLLER_MODEL_FIELD_VIOLATION_H_

#include <string>

namespace binferry::controller {

struct FieldViolation {
  // Path in the request, e.g. "task.objects.databases[1].tables[0].name".
  std::string field;
  // The rule, what was found, and what to do. Never a secret.
  std::string description;

  friend bool operator==(const FieldViolation&,
                         const FieldViolation&) = default;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_FIELD_VIOLATION_H_
