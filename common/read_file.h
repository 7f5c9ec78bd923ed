// Small files read whole: keys, certificates, tokens.
#ifndef BINFERRY_COMMON_READ_FILE_H_
#define BINFERRY_COMMON_READ_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace binferry {

// The content of a file of at most `max_bytes`. NOT_FOUND, PERMISSION_DENIED
// or FAILED_PRECONDITION (too large, a directory), naming the file.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes);

}  // namespace binferry

#endif  // BINFERRY_COMMON_READ_FILE_H_
