// What a task carries: public message <-> model.
#ifndef BINFERRY_CONTROLLER_RPC_OBJECTS_PROTO_H_
#define BINFERRY_CONTROLLER_RPC_OBJECTS_PROTO_H_

#include <vector>

#include "binferry/v1/object_selection.pb.h"
#include "controller/model/field_violation.h"
#include "controller/model/task_spec.h"

namespace binferry::controller {

// Numbers that no enum has become violations ("task.objects. ...").
std::vector<DatabaseObject> ObjectsFromProto(
    const v1::ObjectSelection& in, std::vector<FieldViolation>* violations);

void ObjectsToProto(const std::vector<DatabaseObject>& in,
                    v1::ObjectSelection* out);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_RPC_OBJECTS_PROTO_H_
