// What inspections find, in the words of the API.
#ifndef BINFERRY_WORKER_TASK_INSPECTION_PROTO_H_
#define BINFERRY_WORKER_TASK_INSPECTION_PROTO_H_

#include <cstddef>
#include <string>
#include <vector>

#include "binferry/v1/inspection.pb.h"
#include "worker/mysql/source_objects.h"
#include "worker/precheck/precheck_item.h"
#include "worker/precheck/test_step.h"

namespace binferry::worker {

// All texts become UTF-8, and those that people read are bounded.

v1::SourceDatabase ToProto(const SourceDatabase& database);
// `database` is the one that was listed.
v1::SourceTable ToProto(const SourceTable& table, const std::string& database);
v1::SourceColumn ToProto(const SourceColumn& column);
v1::PrecheckItem ToProto(const PrecheckItem& item);

// Passed if every step is; the rest is the controller's to fill in.
v1::ConnectionTest ToProto(v1::Endpoint endpoint,
                           const std::vector<TestStep>& steps);

// Drops objects of `precheck`, evenly over its items, until it has at most
// `max_bytes`; `objects_total` stays.
void ShrinkTo(size_t max_bytes, v1::Precheck* precheck);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_INSPECTION_PROTO_H_
