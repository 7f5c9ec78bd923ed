// What a user can do about a task's fault.
#ifndef BINFERRY_WORKER_AGENT_FAULT_REMEDY_H_
#define BINFERRY_WORKER_AGENT_FAULT_REMEDY_H_

#include <string>

#include "absl/status/status.h"

namespace binferry::worker {

// The remedy that the error was made with (common/remedy.h), or what helps
// against errors of its code. `fault` is not OK.
std::string RemedyForFault(const absl::Status& fault);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_FAULT_REMEDY_H_
