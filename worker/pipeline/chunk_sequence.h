// Chunks on their way from the encoders to the writer.
#ifndef BINFERRY_WORKER_PIPELINE_CHUNK_SEQUENCE_H_
#define BINFERRY_WORKER_PIPELINE_CHUNK_SEQUENCE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "worker/pipeline/chunk.h"

namespace binferry::worker {

// Gives chunks to the writer in the order of their numbers, in whatever order
// encoders finish, and record ids to chunks in the same order. Bounded by the
// byte budget, from which every chunk has taken.
//
// Thread-safe; one writer.
class ChunkSequence {
 public:
  // What Next() found.
  struct NothingYet {};  // Timed out or woken.
  struct End {           // All chunks were given.
    absl::Status status;
  };
  using Item = std::variant<std::unique_ptr<Chunk>, NothingYet, End>;

  // Where a chunk's records stand in the stream.
  struct Claim {
    uint64_t first_id = 0;
    // Rows of the transaction that is open where the chunk begins, as
    // Checkpoint::rows_done counts them.
    uint64_t open_transaction_rows = 0;

    friend bool operator==(const Claim&, const Claim&) = default;
  };

  // `last_id`: of the records before the first chunk; `rows_done`: of the
  // transaction that is open there.
  ChunkSequence(uint64_t last_id, uint64_t rows_done)
      : next_id_(last_id + 1), open_transaction_rows_(rows_done) {}

  // Waits until each chunk before `chunk` has claimed, and takes the next
  // `count` ids. Nothing after Abort.
  std::optional<Claim> ClaimIds(const Chunk& chunk, uint64_t count)
      ABSL_LOCKS_EXCLUDED(mu_);

  void Put(std::unique_ptr<Chunk> chunk) ABSL_LOCKS_EXCLUDED(mu_);
  // There are `chunk_count` chunks; `status` is why there are no more.
  void EndAfter(uint64_t chunk_count, absl::Status status)
      ABSL_LOCKS_EXCLUDED(mu_);

  Item Next(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mu_);
  // Makes the present or the next Next() return.
  void Wake() ABSL_LOCKS_EXCLUDED(mu_);
  // CANCELLED is the end; ClaimIds and Next return at once.
  void Abort() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Mutex mu_;
  uint64_t next_to_claim_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t next_id_ ABSL_GUARDED_BY(mu_);
  uint64_t open_transaction_rows_ ABSL_GUARDED_BY(mu_);
  std::map<uint64_t, std::unique_ptr<Chunk>> chunks_ ABSL_GUARDED_BY(mu_);
  uint64_t next_to_give_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<uint64_t> chunk_count_ ABSL_GUARDED_BY(mu_);
  absl::Status end_status_ ABSL_GUARDED_BY(mu_);
  bool is_woken_ ABSL_GUARDED_BY(mu_) = false;
  bool is_aborted_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_CHUNK_SEQUENCE_H_
