// The places that JSON diffs name.
#ifndef BINFERRY_WORKER_BINLOG_JSON_PATH_H_
#define BINFERRY_WORKER_BINLOG_JSON_PATH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

// One step from a container to what is in it.
struct JsonPathLeg {
  enum class Kind : uint8_t {
    kMember,          // `key`
    kElement,         // `index`
    kElementFromEnd,  // `index`, 0 being the last.
  };

  Kind kind = Kind::kMember;
  std::string key;  // UTF-8.
  uint32_t index = 0;
};

// The legs of a path as the server writes it into a diff (Json_path::to_string
// in mysql-server): `$`, then `.key`, `."a JSON string"`, `[3]`, `[last]`,
// `[last-1]`; an empty list is the whole document. DATA_LOSS for anything else,
// wildcards and ranges included, and for more than kMaxJsonDepth legs.
absl::StatusOr<std::vector<JsonPathLeg>> ParseJsonPath(absl::string_view path);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_JSON_PATH_H_
