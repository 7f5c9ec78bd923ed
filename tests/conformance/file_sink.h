// A destination that is one file, for pipelines that are killed on purpose.
#ifndef BINFERRY_TESTS_CONFORMANCE_FILE_SINK_H_
#define BINFERRY_TESTS_CONFORMANCE_FILE_SINK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "worker/schema/checkpoint.h"
#include "worker/schema/record.h"
#include "worker/sink/record_sink.h"

namespace binferry::worker {

// The file holds blocks, one per commit, each written by one call and whole or
// of no meaning: what a process that dies leaves behind is what was committed,
// as with Kafka. In text, lengths in bytes:
//
//   block SIZE\n                    bytes from here to the line `end`
//   record TOPIC PARTITION ID KEY_SIZE VALUE_SIZE\n    KEY_SIZE -1: no key
//   KEY VALUE\n                     without the blank
//   checkpoint SIZE\n
//   JSON\n                          as SerializeCheckpoint writes it
//   end\n
//
// A block that lacks its end is cut off when the file is opened.
//
// Every topic exists, with kPartitions partitions.
class FileSink : public RecordSink {
 public:
  static constexpr int32_t kPartitions = 3;

  // Where a process that ends itself does so.
  enum class KillPoint : uint8_t {
    kBeforeBlock,  // Nothing of the commit is written.
    kAfterBlock,   // It is durable; only its caller never learns of it.
  };

  struct Options {
    std::string path;
    // The process gets SIGKILL at this many commits of this sink; 0 = never.
    int64_t kill_at_commit = 0;
    KillPoint kill_point = KillPoint::kBeforeBlock;
    // After each commit, in its thread. May be empty.
    std::function<void(const Checkpoint&)> on_commit;
  };

  // Creates the file where there is none. FAILED_PRECONDITION for a file that
  // holds something else; UNAVAILABLE as the system says.
  static absl::StatusOr<OpenedSink> Open(Options options);

  ~FileSink() override;

  absl::StatusOr<Topic> OpenTopic(const std::string& name) override
      ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Write(absl::Span<const Record> records) override
      ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Commit(const Checkpoint& checkpoint) override;
  bool NeedsReopen() const override { return false; }
  absl::Status DeleteState() override;

 private:
  FileSink(Options options, int file);

  const Options options_;
  const int file_;
  std::string pending_;  // The records of the block to come.
  int64_t commits_ = 0;

  absl::Mutex mu_;
  std::vector<std::string> topics_ ABSL_GUARDED_BY(mu_);
};

// The checkpoint of the last whole block, and how many bytes whole blocks take.
struct FileSinkContent {
  std::optional<Checkpoint> checkpoint;
  size_t whole_bytes = 0;
};

// FAILED_PRECONDITION for bytes that are no blocks.
absl::StatusOr<FileSinkContent> ReadFileSink(absl::string_view bytes);

}  // namespace binferry::worker

#endif  // BINFERRY_TESTS_CONFORMANCE_FILE_SINK_H_
