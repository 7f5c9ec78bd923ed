// The two ends of a task and its secrets: public message <-> model.
#ifndef BINFERRY_CONTROLLER_RPC_ENDPOINT_PROTO_H_
#define BINFERRY_CONTROLLER_RPC_ENDPOINT_PROTO_H_

#include <set>
#include <vector>

#include "binferry/v1/task.pb.h"
#include "controller/model/field_violation.h"
#include "controller/model/task_secrets.h"
#include "controller/model/task_spec.h"

namespace binferry::controller {

// Without secrets; numbers that no enum has become violations.
SourceSpec SourceFromProto(const v1::Source& in,
                           std::vector<FieldViolation>* violations);
DestinationSpec DestinationFromProto(const v1::Destination& in,
                                     std::vector<FieldViolation>* violations);
void SourceToProto(const SourceSpec& in, v1::Source* out);
void DestinationToProto(const DestinationSpec& in, v1::Destination* out);

// The secrets that `task` has.
TaskSecrets SecretsFromProto(const v1::Task& task);

// Puts secrets in; the task is then only for the worker that runs it.
void SecretsToProto(const TaskSecrets& secrets, v1::Task* task);

// Removes secrets.
void ClearSecrets(v1::Task* task);

// Says in `task`, in its fields for that, which of `stored` there are.
void TellStoredSecrets(const std::set<SecretField>& stored, v1::Task* task);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_RPC_ENDPOINT_PROTO_H_
