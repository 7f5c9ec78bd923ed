#include "tests/bench/row_workload.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/json_document.h"
#include "worker/binlog/testing/table_map_body.h"
#include "worker/encode/record_encoder.h"
#include "worker/encode/row_change.h"
#include "worker/schema/testing/values.h"

namespace binferry::worker {
namespace {

using Row = std::vector<Value>;

constexpr size_t kEventBytes = 8192;
constexpr uint64_t kTableId = 7;

// A table that gets its columns one by one, each with the value of all rows.
struct Table {
  // The new column, for what else is to be said of it.
  Column& Add(ColumnKind kind, const Value& value) {
    Column column;
    column.name = absl::StrCat("column_", schema.columns.size());
    column.kind = kind;
    column.max_bytes = 4;
    schema.columns.push_back(column);
    row.push_back(value);
    return schema.columns.back();
  }
  Column& AddText(ColumnKind kind, uint32_t max_bytes, Charset charset,
                  absl::string_view text) {
    Column& column = Add(kind, Text(text));
    column.max_bytes = max_bytes;
    column.charset = charset;
    return column;
  }

  TableSchema schema;
  Row row;
};

RowWorkload Build(Table table) {
  TableSchema& schema = table.schema;
  schema.database = "sbtest";
  schema.table = "sbtest1";
  schema.key_columns = {0};
  RowWorkload workload;
  const std::string body = TableMapBody(kTableId, schema);
  workload.map = BuildTableMap(ParseTableMap(AsBytes(body)).value()).value();
  workload.plan =
      BuildTablePlan(workload.map.schema,
                     {.partition_policy = PartitionPolicy::kPrimaryKeyHash,
                      .mapped_database = "sbtest",
                      .mapped_table = "sbtest1",
                      .topic = "sbtest",
                      .partition_count = 12})
          .value();
  EventBuilder binlog;
  for (const std::string& event :
       {binlog.FakeRotate(), binlog.FormatDescription()}) {
    workload.decoder.Frame(AsBytes(event)).value();
  }
  EventBuilder::RowsSpec spec;
  spec.schema = &schema;
  spec.after = {table.row};
  const size_t row_bytes = EventBuilder(binlog).Rows(kTableId, spec).size();
  workload.rows = std::max<uint64_t>(1, kEventBytes / row_bytes);
  for (uint64_t i = 1; i < workload.rows; ++i) {
    table.row[0] = Signed(1'000'000 + static_cast<int64_t>(i));
    spec.after.push_back(table.row);
  }
  workload.event = binlog.Rows(kTableId, spec);
  return workload;
}

}  // namespace

RowWorkload SysbenchRows() {
  constexpr uint32_t kBytesPerCharacter = 4;
  Table table;
  table.Add(ColumnKind::kInt, Signed(1'000'000)).name = "id";
  table.Add(ColumnKind::kInt, Signed(499'284)).name = "k";
  table
      .AddText(ColumnKind::kChar, 120 * kBytesPerCharacter, Charset::kUtf8mb4,
               "08566691963-88624912351-16662227201-46648573979-64646226163-"
               "77505759394-75470094713-41097360717-15161106334-50535565977")
      .name = "c";
  table
      .AddText(ColumnKind::kChar, 60 * kBytesPerCharacter, Charset::kUtf8mb4,
               "63188288836-92351140030-06390587585-66802097351-49282961843")
      .name = "pad";
  return Build(std::move(table));
}

RowWorkload MixedRows() {
  TemporalFields time;
  time.year = 2024;
  time.month = 5;
  time.day = 17;
  time.hour = 12;
  time.minute = 33;
  time.second = 7;
  TemporalFields precise = time;
  precise.micros = 123'456;
  Table table;
  table.Add(ColumnKind::kInt, Signed(1'000'000));
  table.Add(ColumnKind::kTinyInt, Signed(-5));
  table.Add(ColumnKind::kTinyInt, Unsigned(200)).is_unsigned = true;
  table.Add(ColumnKind::kSmallInt, Signed(-12345));
  table.Add(ColumnKind::kMediumInt, Signed(1234567));
  table.Add(ColumnKind::kBigInt, Signed(int64_t{1} << 53));
  table.Add(ColumnKind::kBigInt, Unsigned(~uint64_t{0})).is_unsigned = true;
  for (const auto& [precision, scale, text] :
       {std::tuple(uint8_t{10}, uint8_t{2}, "12345.67"),
        std::tuple(uint8_t{30}, uint8_t{10}, "-1234567890123.0123456789")}) {
    Column& decimal = table.Add(ColumnKind::kDecimal, Decimal(text));
    decimal.precision = precision;
    decimal.scale = scale;
  }
  table.Add(ColumnKind::kFloat, Float(1.25F));
  table.Add(ColumnKind::kDouble, Double(10357.251));
  table.Add(ColumnKind::kDate, Temporal(Value::Kind::kDate, time));
  table.Add(ColumnKind::kTime, Temporal(Value::Kind::kTime, time));
  table.Add(ColumnKind::kDatetime, Temporal(Value::Kind::kDatetime, time));
  table.Add(ColumnKind::kDatetime, Temporal(Value::Kind::kDatetime, precise))
      .fraction_digits = 6;
  table.Add(ColumnKind::kTimestamp, Timestamp(1'700'000'000'000'000));
  table.Add(ColumnKind::kTimestamp, Timestamp(1'700'000'000'123'000))
      .fraction_digits = 3;
  table.Add(ColumnKind::kYear, Year(2024));
  table.AddText(ColumnKind::kChar, 40, Charset::kLatin1, "caf\xe9 cr\xe8me");
  table.AddText(ColumnKind::kVarchar, 200, Charset::kUtf8mb4, "Ada Lovelace");
  table.AddText(ColumnKind::kVarchar, 400, Charset::kUtf8mb4,
                "Zoë \"quoted\" — 北京, and a line\nmore");
  table.AddText(ColumnKind::kVarchar, 100, Charset::kGbk, "\xb1\xb1\xbe\xa9");
  table.AddText(ColumnKind::kText, 2, Charset::kUtf8mb4,
                "a paragraph of some length, as comments tend to have");
  table.Add(ColumnKind::kBinary, Binary("0123456789abcdef")).max_bytes = 16;
  table.Add(ColumnKind::kBlob, Binary("some\x01\x02\x03 bytes")).max_bytes = 2;
  table.Add(ColumnKind::kBit, Unsigned(5)).precision = 8;
  Column& choice = table.Add(ColumnKind::kEnum, Enum(2));
  choice.max_bytes = 1;
  choice.charset = Charset::kUtf8mb4;
  choice.labels = {"small", "medium", "large"};
  Column& choices = table.Add(ColumnKind::kSet, Set(5));
  choices.max_bytes = 1;
  choices.charset = Charset::kUtf8mb4;
  choices.labels = {"red", "green", "blue"};
  table.Add(ColumnKind::kInt, Null()).is_nullable = true;
  table.AddText(ColumnKind::kVarchar, 100, Charset::kUtf8mb4, "").is_nullable =
      true;
  table.row.back() = Null();
  return Build(std::move(table));
}

RowWorkload JsonRows() {
  constexpr uint8_t kInt32 = 7;
  std::vector<std::string> lines;
  for (const absl::string_view product :
       {"Analytical Engine", "punch cards, 100", "Difference Engine No. 2"}) {
    lines.push_back(JsonObject({{"id", JsonInteger(kInt32, 834'721)},
                                {"gift", JsonBool(false)},
                                {"count", JsonInt16(3)},
                                {"price", JsonReal(1249.99)},
                                {"product", JsonString(product)}}));
  }
  const std::string order = JsonObject(
      {{"note", JsonNull()},
       {"lines", JsonArray(lines)},
       {"total", JsonReal(3749.97)},
       {"number", JsonInteger(kInt32, 20'240'517)},
       {"customer", JsonObject({{"city", JsonString("London")},
                                {"name", JsonString("Ada Lovelace")},
                                {"email", JsonString("ada@example.org")}})}});
  std::vector<std::string> numbers;
  for (int16_t i = 0; i < 40; ++i) numbers.push_back(JsonInt16(i));
  const std::string list = JsonArray(numbers);
  Table table;
  table.Add(ColumnKind::kInt, Signed(1'000'000));
  table.AddText(ColumnKind::kJson, 4, Charset::kUtf8mb4, order);
  table.AddText(ColumnKind::kJson, 4, Charset::kUtf8mb4, list);
  return Build(std::move(table));
}

RowPath::RowPath(const RowWorkload* workload)
    : workload_(workload), values_(workload->map.steps.size()) {}

absl::Status RowPath::Start() {
  EventDecoder events = workload_->decoder;
  BINFERRY_ASSIGN_OR_RETURN(const EventFrame frame,
                            events.Frame(AsBytes(workload_->event)));
  BINFERRY_ASSIGN_OR_RETURN(const RowsEvent rows,
                            ParseRows(frame.header.type, frame.body));
  return decoder_.Start(workload_->map, rows);
}

absl::Status RowPath::Decode() {
  BINFERRY_RETURN_IF_ERROR(Start());
  while (decoder_.HasNext()) {
    BINFERRY_RETURN_IF_ERROR(decoder_.Next({}, absl::MakeSpan(values_)));
  }
  return absl::OkStatus();
}

absl::Status RowPath::DecodeAndEncode() {
  arena_.Clear();
  records_.clear();
  BINFERRY_RETURN_IF_ERROR(Start());
  RowChange change{.kind = ChangeKind::kInsert,
                   .after = values_,
                   .first_id = 1'000'000'000,
                   .es_ms = 1'700'000'000'000,
                   .ts_ms = 1'700'000'000'123};
  for (; decoder_.HasNext(); ++change.first_id) {
    BINFERRY_RETURN_IF_ERROR(decoder_.Next({}, absl::MakeSpan(values_)));
    BINFERRY_RETURN_IF_ERROR(
        EncodeRow(workload_->plan, change, &arena_, &records_).status());
  }
  return absl::OkStatus();
}

size_t RowPath::record_bytes() const {
  size_t bytes = 0;
  for (const Record& record : records_) {
    bytes += record.key.size() + record.value.size();
  }
  return bytes;
}

}  // namespace binferry::worker
