// The spec of a task: public message <-> model.
#ifndef BINFERRY_CONTROLLER_RPC_SPEC_PROTO_H_
#define BINFERRY_CONTROLLER_RPC_SPEC_PROTO_H_

#include <google/protobuf/timestamp.pb.h>

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "binferry/v1/task.pb.h"
#include "controller/model/field_violation.h"
#include "controller/model/task.h"
#include "controller/model/task_secrets.h"
#include "controller/model/task_spec.h"
#include "controller/rpc/endpoint_proto.h"

namespace binferry::controller {

// The spec in `task`; output only fields and secrets are left aside. Numbers
// that no enum has and times out of range become violations ("task. ...") and
// stay unset.
TaskSpec SpecFromProto(const v1::Task& task,
                       std::vector<FieldViolation>* violations);

// The other way: fills in the spec's fields of `task`.
void SpecToProto(const TaskSpec& spec, v1::Task* task);

// Takes away what the BASIC view leaves out of a definition: objects and
// certificates.
void ReduceToBasic(v1::Task* task);

// What is stored of a spec. `spec` has its defaults; `stored_secrets` are all
// that the task then has: the document tells whether there is a password.
StoredSpec ToStoredSpec(const TaskSpec& spec,
                        const std::set<SecretField>& stored_secrets);

// The document of a stored spec: a message with the spec's fields and
// `password_set`. INTERNAL if it can't be read.
absl::StatusOr<v1::Task> ParseDocument(const StoredSpec& spec);

// `projects/{project}/tasks/{task}`.
std::string FormatTaskName(const TaskKey& key);

// INVALID_ARGUMENT for a time outside of the years 1 to 9999.
absl::StatusOr<absl::Time> TimeFromProto(
    const google::protobuf::Timestamp& timestamp);
google::protobuf::Timestamp TimeToProto(absl::Time time);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_RPC_SPEC_PROTO_H_
