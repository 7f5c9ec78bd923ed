#include "controller/store/worker_row.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace binferry::controller {
namespace {

constexpr char kSelect[] = R"sql(
SELECT w.name, w.incarnation, w.sequence, w.last_heartbeat_time, w.region,
  w.availability_zone, w.network_types, w.vpc, w.subnet,
  ARRAY(SELECT unnest(ARRAY[key, value]) FROM jsonb_each_text(w.labels))
    AS labels,
  w.slots, w.software_version, w.draining,
  (SELECT count(*) FROM tasks t WHERE t.worker = w.name) AS slots_used,
  greatest(0, (extract(epoch FROM now() - w.last_heartbeat_time) * 1000)::bigint)
    AS silent_ms
FROM workers w
)sql";

}  // namespace

std::string SelectWorkers(absl::string_view rest) {
  return absl::StrCat(kSelect, rest);
}

Worker WorkerFromRow(const PgRow& row) {
  Worker worker;
  worker.identity = {.name = WorkerName(row.Text("name")),
                     .incarnation = Incarnation(row.Text("incarnation"))};
  worker.place.region = row.Text("region");
  worker.place.availability_zone = row.Text("availability_zone");
  for (const std::string& number : row.TextArray("network_types")) {
    int type = 0;
    if (absl::SimpleAtoi(number, &type)) {
      worker.place.network_types.push_back(static_cast<NetworkType>(type));
    }
  }
  worker.place.vpc = row.Text("vpc");
  worker.place.subnet = row.Text("subnet");
  const std::vector<std::string> labels = row.TextArray("labels");
  for (size_t i = 0; i + 1 < labels.size(); i += 2) {
    worker.place.labels[labels[i]] = labels[i + 1];
  }
  worker.version = row.Text("software_version");
  worker.slots = static_cast<int32_t>(row.Int("slots"));
  worker.slots_used = static_cast<int32_t>(row.Int("slots_used"));
  worker.draining = row.Bool("draining");
  worker.sequence = row.Int("sequence");
  worker.last_heartbeat_time = row.Time("last_heartbeat_time");
  worker.silent_for = absl::Milliseconds(row.Int("silent_ms"));
  return worker;
}

}  // namespace binferry::controller
