#include "worker/task/task_sink.h"

#include <utility>

#include "common/broken_rule.h"
#include "worker/sink/kafka_sink.h"
#include "worker/sink/sink_status.h"
#include "worker/task/broken_sink.h"

namespace binferry::worker {

SinkOpener TaskSinkOpener(const TaskSpec& spec, int32_t state_partition,
                          const AttemptSurroundings& surroundings,
                          std::stop_token interrupt, const Clock* clock) {
  KafkaSinkOptions options{
      .cluster = spec.destination,
      .state_prefix = spec.state_prefix,
      .transactional_id = spec.transactional_id,
      .task_uid = spec.uid,
      .epoch = surroundings.epoch,
      .state_partition = state_partition,
      .auto_create = spec.topic_creation,
      .max_record_bytes = spec.max_record_bytes,
      .compression = spec.compression,
      .interrupt = std::move(interrupt),
  };
  return [open = KafkaSink::Opener(std::move(options), surroundings.check_lease,
                                   clock),
          on_newer_epoch =
              surroundings.on_newer_epoch]() -> absl::StatusOr<OpenedSink> {
    absl::StatusOr<OpenedSink> opened = open();
    if (opened.ok()) {
      opened->sink = BreakRule(kBrokenRule, std::move(opened->sink));
      return opened;
    }
    if (const std::optional<Epoch> found = NewerEpoch(opened.status())) {
      on_newer_epoch(*found);
      return absl::AbortedError(opened.status().message());
    }
    return opened;
  };
}

}  // namespace binferry::worker
