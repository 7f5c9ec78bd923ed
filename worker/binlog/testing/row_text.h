// Decoded values in messages of tests.
#ifndef BINFERRY_WORKER_BINLOG_TESTING_ROW_TEXT_H_
#define BINFERRY_WORKER_BINLOG_TESTING_ROW_TEXT_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "worker/schema/row.h"

namespace binferry::worker {

// Kind and value, all of it: "absent", "null", "signed -1", "enum 2", "text
// abc", "bytes 00ff", "time -0-0-0 1:2:3.000004".
std::string ShowValue(const Value& value);
std::vector<std::string> ShowRow(absl::Span<const Value> row);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TESTING_ROW_TEXT_H_
