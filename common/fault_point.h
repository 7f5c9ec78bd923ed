// Places where a test can freeze a process, to hit a moment that it could
// otherwise only hope for.
#ifndef BINFERRY_COMMON_FAULT_POINT_H_
#define BINFERRY_COMMON_FAULT_POINT_H_

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/string_view.h"

namespace binferry {

// In a build with -DBINFERRY_FAULT_POINTS=ON and under
// BINFERRY_FREEZE_AT=`name`: creates the file that BINFERRY_FREEZE_MARKER names
// and stops the whole process as SIGSTOP does, once per marker: where the file
// exists already nothing happens. In other builds: nothing.
inline void FaultPoint([[maybe_unused]] absl::string_view name) {
#ifdef BINFERRY_FAULT_POINTS
  const char* const wanted = std::getenv("BINFERRY_FREEZE_AT");
  const char* const marker = std::getenv("BINFERRY_FREEZE_MARKER");
  if (wanted == nullptr || marker == nullptr || name != wanted) return;
  const int fd = open(marker, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return;
  close(fd);
  // To this thread, so that it goes no further: a signal to the process may be
  // taken by another thread while this one runs on.
  raise(SIGSTOP);
#endif
}

}  // namespace binferry

#endif  // BINFERRY_COMMON_FAULT_POINT_H_
