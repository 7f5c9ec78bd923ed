// `binferry-worker decode`: prints binlogs.
#ifndef BINFERRY_WORKER_DECODE_DECODE_COMMAND_H_
#define BINFERRY_WORKER_DECODE_DECODE_COMMAND_H_

#include "absl/status/status.h"
#include "worker/binlog/binlog_source.h"
#include "worker/decode/decode_options.h"
#include "worker/decode/line_writer.h"

namespace binferry::worker {

// The whole command; `argv[0]` is the word `decode`. Returns the exit code: 0
// the end was reached, or nobody reads the output any more; 1 something could
// not be read, as stderr says; 2 senseless options. Ignores SIGPIPE.
int RunDecode(int argc, const char* const* argv);

// Prints all of `source`. Errors of the source and of the stream; with
// `keeps_going` as many as possible were written to stderr and passed over, and
// the status tells how many.
absl::Status PrintBinlog(const DecodeOptions& options, BinlogSource* source,
                         LineWriter* out);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_DECODE_DECODE_COMMAND_H_
