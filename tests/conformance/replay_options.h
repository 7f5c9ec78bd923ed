// How conformance_replay is called.
#ifndef BINFERRY_TESTS_CONFORMANCE_REPLAY_OPTIONS_H_
#define BINFERRY_TESTS_CONFORMANCE_REPLAY_OPTIONS_H_

#include <optional>
#include <string>

#include "tests/conformance/file_sink.h"
#include "worker/binlog/coordinates.h"
#include "worker/encode/table_plan.h"
#include "worker/mysql/connection_options.h"
#include "worker/mysql/start_position.h"
#include "worker/route/partitioner.h"

namespace binferry::worker {

struct ReplayOptions {
  ConnectionOptions server;
  StartPosition from;
  Coordinates to;
  std::string database;  // All of its tables are carried.
  std::string sink_path;
  std::string alerts_path;
  // "" = not asked for.
  std::string source_log_path;
  PartitionPolicy partition_policy = PartitionPolicy::kTableHash;
  RecordFormat format = RecordFormat::kJson;
  int64_t kill_every = 0;  // 0 = never.
  FileSink::KillPoint kill_point = FileSink::KillPoint::kBeforeBlock;
  absl::Duration timeout = absl::Seconds(60);
};

struct ParsedReplayOptions {
  ReplayOptions options;
  // Set: don't go on, end with it; what is to be said has been said.
  std::optional<int> exit_code;
};

ParsedReplayOptions ParseReplayOptions(int argc, const char* const* argv);

}  // namespace binferry::worker

#endif  // BINFERRY_TESTS_CONFORMANCE_REPLAY_OPTIONS_H_
