// Places in a source's binlog.
#ifndef BINFERRY_WORKER_BINLOG_COORDINATES_H_
#define BINFERRY_WORKER_BINLOG_COORDINATES_H_

#include <compare>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace binferry::worker {

// A binlog file and a byte in it. The position has 64 bits: the 32 bit field of
// event headers wraps in files above 4 GiB.
struct Coordinates {
  std::string file;
  uint64_t position = 4;

  std::string ToString() const { return absl::StrCat(file, ":", position); }

  friend bool operator==(const Coordinates&, const Coordinates&) = default;
};

// `status` with the place appended to its message, for errors of those who know
// no places. OK stays OK.
inline absl::Status AtCoordinates(const absl::Status& status,
                                  const Coordinates& place) {
  if (status.ok()) return status;
  return absl::Status(
      status.code(), absl::StrCat(status.message(), ", at ", place.ToString()));
}

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_COORDINATES_H_
