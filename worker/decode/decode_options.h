// How `binferry-worker decode` is called.
#ifndef BINFERRY_WORKER_DECODE_DECODE_OPTIONS_H_
#define BINFERRY_WORKER_DECODE_DECODE_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/binlog/coordinates.h"
#include "worker/decode/table_filter.h"
#include "worker/encode/table_plan.h"
#include "worker/mysql/connection_options.h"
#include "worker/mysql/start_position.h"

namespace binferry::worker {

// A server to read, instead of files.
struct DecodedServer {
  ConnectionOptions connection;
  // Nothing: the first binlog file that the server still has.
  std::optional<StartPosition> start;
  bool follows = false;    // Waits for more at the end.
  uint32_t server_id = 0;  // 0 = any.
};

struct DecodeOptions {
  std::vector<std::string> files;  // Empty if there is a server.
  std::optional<DecodedServer> server;
  uint64_t start_position = 4;  // In the first file.
  // Events that start there or behind, in this file, are not printed.
  std::optional<Coordinates> stop;
  bool prints_events = true;
  bool prints_changes = true;
  bool prints_artificial = false;
  bool keeps_going = false;
  TableFilter filter;
  RecordFormat format = RecordFormat::kJson;
};

// Either the options, or the exit code of a process that ends here: it was
// asked for help, or what is wrong was said on stderr.
struct ParsedDecodeOptions {
  std::optional<int> exit_code;
  DecodeOptions options;
};

// `argv[0]` is the word `decode`.
ParsedDecodeOptions ParseDecodeOptions(int argc, const char* const* argv);

// `mysql://USER@HOST[:PORT][/]`, the parts percent-encoded where they hold one
// of `%/@:`, an IPv6 address in brackets. INVALID_ARGUMENT, saying what is
// wrong, without the address itself: people write passwords into it.
absl::StatusOr<ConnectionOptions> ParseServerAddress(absl::string_view text);

// `FILE:POSITION`. INVALID_ARGUMENT for anything else.
absl::StatusOr<Coordinates> ParseCoordinates(absl::string_view text);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_DECODE_DECODE_OPTIONS_H_
