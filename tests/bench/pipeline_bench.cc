// What the data path costs without MySQL and Kafka: prebuilt events of
// sysbench-like rows through a whole pipeline into a sink that drops them.
//
// `cpu_us_per_row` counts all threads of the process, `rows_per_second` the
// wall clock.
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "worker/pipeline/pipeline.h"
#include "worker/pipeline/testing/scripted_server.h"
#include "worker/schema/testing/values.h"

namespace binferry::worker {
namespace {

constexpr int kRows = 100'000;
constexpr int kRowsPerEvent = 25;  // 8 KiB, as a source cuts them.

// Drops what it gets.
class NullSink : public RecordSink {
 public:
  absl::StatusOr<Topic> OpenTopic(const std::string&) override {
    return Topic{TopicHandle{0}, 12};
  }
  absl::Status Write(absl::Span<const Record> records) override {
    benchmark::DoNotOptimize(records.data());
    return absl::OkStatus();
  }
  absl::Status Commit(const Checkpoint&) override { return absl::OkStatus(); }
  bool NeedsReopen() const override { return false; }
  absl::Status DeleteState() override { return absl::OkStatus(); }
};

// Plays events that outlive it, without a copy.
class PrebuiltSource : public BinlogSource {
 public:
  explicit PrebuiltSource(const std::vector<std::string>* events)
      : events_(events) {}

  absl::StatusOr<absl::Span<const uint8_t>> Next() override {
    if (next_ == events_->size()) return absl::OutOfRangeError("the end");
    const std::string& event = (*events_)[next_++];
    return absl::Span<const uint8_t>(
        reinterpret_cast<const uint8_t*>(event.data()), event.size());
  }
  void Interrupt() override {}

 private:
  const std::vector<std::string>* const events_;
  size_t next_ = 0;
};

// The 4 columns of sysbench's table, and 6 of other types.
TableSchema SysbenchTable() {
  TableSchema schema = IdAndText("sbtest", "sbtest1");
  schema.columns.clear();
  const auto add = [&schema](const std::string& name, ColumnKind kind) {
    Column column;
    column.name = name;
    column.kind = kind;
    column.max_bytes = 480;
    if (kind == ColumnKind::kChar || kind == ColumnKind::kVarchar) {
      column.charset = Charset::kUtf8mb4;
    }
    schema.columns.push_back(column);
    return &schema.columns.back();
  };
  add("id", ColumnKind::kInt);
  add("k", ColumnKind::kInt);
  add("c", ColumnKind::kChar);
  add("pad", ColumnKind::kChar);
  Column* const price = add("price", ColumnKind::kDecimal);
  price->precision = 10;
  price->scale = 2;
  add("count", ColumnKind::kBigInt);
  add("changed", ColumnKind::kDatetime);
  add("seen", ColumnKind::kTimestamp);
  add("weight", ColumnKind::kDouble);
  add("name", ColumnKind::kVarchar);
  schema.key_columns = {0};
  return schema;
}

Row SysbenchRow(int id) {
  static const std::string c =
      "08566691963-88624912351-16662227201-46648573979-64646226163-"
      "77505759394-75470094713-41097360717-15161106334-50535565977";
  static const std::string pad =
      "63188288836-92351140030-06390587585-66802097351-49282961843";
  TemporalFields changed;
  changed.year = 2024;
  changed.month = 5;
  changed.day = 17;
  changed.hour = 12;
  changed.minute = 33;
  return {Signed(id),
          Signed(id * 7919 % 100000),
          Text(c),
          Text(pad),
          Decimal("12345.67"),
          Signed(int64_t{1} << 40),
          Temporal(Value::Kind::kDatetime, changed),
          Timestamp(1'700'000'000'000'000),
          Double(10357.25),
          Text("Ada Lovelace")};
}

struct Script {
  std::vector<std::string> events;
  int64_t rows = 0;
};

Script WriteScript(RowsEvent::Kind kind, int rows_per_transaction) {
  static const TableSchema schema = SysbenchTable();
  EventBuilder builder;
  Script script;
  script.events = {builder.FakeRotate(), builder.FormatDescription(),
                   builder.PreviousGtids(GtidSet())};
  std::vector<Row> rows;
  for (int i = 0; i < std::min(kRowsPerEvent, rows_per_transaction); ++i) {
    rows.push_back(SysbenchRow(i + 1000));
  }
  EventBuilder::RowsSpec spec = kind == RowsEvent::Kind::kWrite
                                    ? InsertOf(schema, rows)
                                    : UpdateOf(schema, rows, rows);
  Gtid gtid;
  gtid.origin.uuid.fill(0x3e);
  while (script.rows < kRows) {
    ++gtid.number;
    script.events.push_back(builder.Gtid(gtid));
    script.events.push_back(builder.Query("sbtest", "BEGIN"));
    script.events.push_back(builder.TableMap(7, schema));
    for (int n = 0; n < rows_per_transaction;
         n += static_cast<int>(rows.size())) {
      script.events.push_back(builder.Rows(7, spec));
      script.rows += static_cast<int64_t>(rows.size());
    }
    script.events.push_back(builder.Xid(gtid.number));
  }
  return script;
}

double ProcessCpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

void RunScript(benchmark::State& state, const Script& script,
               PartitionPolicy policy) {
  const SystemClock clock;
  PipelineOptions options;
  options.objects = {{{"sbtest", "", true, {}}}};
  options.partition_policy = policy;
  int64_t rows = 0;
  uint64_t bytes = 0;
  const double cpu_before = ProcessCpuSeconds();
  for (auto _ : state) {
    auto pipeline = Pipeline::Create(
        options,
        {.open_sink = []() -> absl::StatusOr<OpenedSink> {
           return OpenedSink{std::make_unique<NullSink>(), Checkpoint()};
         },
         .resolve_start = nullptr,
         .open_source = [&script](const Checkpoint&)
             -> absl::StatusOr<std::unique_ptr<BinlogSource>> {
           return std::make_unique<PrebuiltSource>(&script.events);
         },
         .on_streaming = nullptr},
        &clock);
    if (!pipeline.ok()) return state.SkipWithError("Create failed");
    const absl::Status status = (*pipeline)->Run(std::stop_token());
    if (!absl::IsOutOfRange(status)) {
      return state.SkipWithError(status.ToString().c_str());
    }
    rows += script.rows;
    bytes += (*pipeline)->Statistics().bytes_committed;
  }
  const double cpu = ProcessCpuSeconds() - cpu_before;
  state.counters["cpu_us_per_row"] = cpu * 1e6 / static_cast<double>(rows);
  state.counters["rows_per_second"] = benchmark::Counter(
      static_cast<double>(rows), benchmark::Counter::kIsRate);
  state.counters["bytes_per_row"] =
      static_cast<double>(bytes) / static_cast<double>(rows);
}

void BM_Inserts(benchmark::State& state) {
  RunScript(
      state,
      WriteScript(RowsEvent::Kind::kWrite, static_cast<int>(state.range(0))),
      PartitionPolicy::kTableHash);
}
BENCHMARK(BM_Inserts)
    ->Arg(1000)
    ->Arg(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_UpdatesByKey(benchmark::State& state) {
  RunScript(
      state,
      WriteScript(RowsEvent::Kind::kUpdate, static_cast<int>(state.range(0))),
      PartitionPolicy::kPrimaryKeyHash);
}
BENCHMARK(BM_UpdatesByKey)
    ->Arg(1000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace binferry::worker

BENCHMARK_MAIN();
