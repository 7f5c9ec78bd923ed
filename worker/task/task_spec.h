// What a task's run needs, in the words of those who do the work.
#ifndef BINFERRY_WORKER_TASK_TASK_SPEC_H_
#define BINFERRY_WORKER_TASK_TASK_SPEC_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/secret.h"
#include "worker/charset/charset.h"
#include "worker/encode/table_plan.h"
#include "worker/mysql/binlog_connection.h"
#include "worker/mysql/connection_options.h"
#include "worker/mysql/source_catalog.h"
#include "worker/mysql/start_position.h"
#include "worker/pipeline/pipeline_options.h"
#include "worker/route/partitioner.h"
#include "worker/select/object_selection.h"
#include "worker/sink/kafka_cluster.h"
#include "worker/sink/kafka_sink.h"

namespace binferry::worker {

// Immutable once converted.
struct TaskSpec {
  TaskUid uid;
  std::string name;  // projects/p/tasks/t, for logs.
  Generation generation;

  ConnectionOptions source;
  DumpOptions dump;
  StartPosition start;
  ObjectSelection selection;
  // The selected databases and tables, with the paths of their fields.
  std::vector<RequiredObject> required_objects;

  KafkaClusterOptions destination;
  int64_t max_record_bytes = 0;
  RecordCompression compression = RecordCompression::kLz4;
  std::optional<KafkaSinkOptions::TopicCreation> topic_creation;
  std::string specified_topic;    // "" = by format.
  std::string topic_name_format;  // Where there is no specified topic.
  PartitionPolicy partition_policy = PartitionPolicy::kTableHash;
  RecordFormat record_format = RecordFormat::kJson;
  InvalidText invalid_text = InvalidText::kStop;
  UnreadableChange unreadable_change = UnreadableChange::kStop;
  bool position_headers = false;
  bool tombstones = false;
  Secret hash_salt;
  uint64_t max_binlog_bytes_per_second = 0;  // 0 = no limit.
  // 0 = as the worker has them.
  size_t budget_bytes = 0;
  int encoder_threads = 0;

  std::string state_prefix;
  std::string transactional_id;
  // Where the task's checkpoints are; "" before they are anywhere.
  std::string kafka_cluster_id;
  int64_t resets = 0;  // How often the task was reset.
  // A start position was committed once.
  bool start_position_committed = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_TASK_SPEC_H_
