// The objects of a task and their rules -> what the worker's parts take.
#ifndef BINFERRY_WORKER_TASK_OBJECT_CONVERSION_H_
#define BINFERRY_WORKER_TASK_OBJECT_CONVERSION_H_

#include <vector>

#include "absl/status/statusor.h"
#include "binferry/v1/object_selection.pb.h"
#include "worker/mysql/source_catalog.h"
#include "worker/select/object_selection.h"

namespace binferry::worker {

struct ConvertedObjects {
  ObjectSelection selection;
  // The databases and tables selected by name, with the paths of their fields.
  std::vector<RequiredObject> required;
};

// INVALID_ARGUMENT, naming the field, for what TableSelector refuses;
// UNIMPLEMENTED for values of a later version.
absl::StatusOr<ConvertedObjects> ConvertObjects(
    const v1::ObjectSelection& objects);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_OBJECT_CONVERSION_H_
