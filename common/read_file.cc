#include "common/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace binferry {

absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     size_t max_bytes) {
  const auto failed = [&path](int error) {
    return absl::Status(
        error == EISDIR ? absl::StatusCode::kFailedPrecondition
                        : absl::ErrnoToStatusCode(error),
        absl::StrCat("cannot read the file ", path, ": ", strerror(error)));
  };
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed(errno);
  const auto closer = absl::MakeCleanup([fd] { close(fd); });
  std::string content;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(errno);
    if (n == 0) return content;
    content.append(buffer, static_cast<size_t>(n));
    if (content.size() > max_bytes) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the file ", path, " is larger than ", max_bytes, " bytes"));
    }
  }
}

}  // namespace binferry
