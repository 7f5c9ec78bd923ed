// Text for the heartbeat.
#ifndef BINFERRY_WORKER_AGENT_REPORT_TEXT_H_
#define BINFERRY_WORKER_AGENT_REPORT_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace binferry::worker {

inline constexpr size_t kMaxReportTextBytes = 2000;

// The first `max_bytes` of `text`, no character cut in two, with "?"
// for bytes that are no UTF-8: a message that isn't text would make the whole
// heartbeat unreadable.
std::string ReportText(absl::string_view text,
                       size_t max_bytes = kMaxReportTextBytes);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_REPORT_TEXT_H_
