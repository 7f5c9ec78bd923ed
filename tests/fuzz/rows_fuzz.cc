// Arbitrary rows of arbitrary tables. Input:
//
//   u8 columns, u8 per column: which kind it is, and of what size
//   u8 event: its lowest bits an INSERT, UPDATE, DELETE or partial update;
//     bit 2: without a missing document, refuse; bit 3: the key alone
//   bits of the columns present before and after, rows
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "tests/fuzz/allocation_bound.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/row_decoder.h"
#include "worker/binlog/table_map.h"
#include "worker/binlog/testing/row_text.h"
#include "worker/binlog/testing/table_map_body.h"

namespace binferry::worker {
namespace {

// Column::max_bytes of a kind; `variant` is 0 to 3.
uint32_t MaxBytes(ColumnKind kind, uint8_t variant) {
  constexpr std::array<uint32_t, 4> kSetBytes = {2, 4, 8, 8};
  switch (kind) {
    case ColumnKind::kEnum:
    case ColumnKind::kTinyText:
    case ColumnKind::kTinyBlob:
      return 1;
    case ColumnKind::kText:
    case ColumnKind::kBlob:
      return 2;
    case ColumnKind::kMediumText:
    case ColumnKind::kMediumBlob:
      return 3;
    case ColumnKind::kSet:
      return kSetBytes[variant];
    case ColumnKind::kChar:
    case ColumnKind::kVarchar:
    case ColumnKind::kBinary:
    case ColumnKind::kVarbinary:
      return 5u << (2 * variant);
    case ColumnKind::kTinyInt:
    case ColumnKind::kSmallInt:
    case ColumnKind::kMediumInt:
    case ColumnKind::kInt:
    case ColumnKind::kBigInt:
    case ColumnKind::kDecimal:
    case ColumnKind::kFloat:
    case ColumnKind::kDouble:
    case ColumnKind::kDate:
    case ColumnKind::kTime:
    case ColumnKind::kDatetime:
    case ColumnKind::kTimestamp:
    case ColumnKind::kBit:
    case ColumnKind::kYear:
    case ColumnKind::kLongText:
    case ColumnKind::kLongBlob:
    case ColumnKind::kJson:
    case ColumnKind::kGeometry:
    case ColumnKind::kPoint:
    case ColumnKind::kLineString:
    case ColumnKind::kPolygon:
    case ColumnKind::kMultiPoint:
    case ColumnKind::kMultiLineString:
    case ColumnKind::kMultiPolygon:
    case ColumnKind::kGeometryCollection:
    case ColumnKind::kVector:
      return 4;
  }
  return 4;
}

// Of a size that fits the kind; `variant` is 0 to 3.
Column MakeColumn(ColumnKind kind, uint8_t variant) {
  Column column;
  column.kind = kind;
  column.charset = Charset::kUtf8mb4;
  column.is_unsigned = variant % 2 != 0;
  column.fraction_digits = static_cast<uint8_t>(2 * variant);
  column.max_bytes = MaxBytes(kind, variant);
  column.precision = static_cast<uint8_t>(1 + 21 * variant);
  if (kind == ColumnKind::kDecimal) {
    column.scale = static_cast<uint8_t>(10 * variant);
  }
  if (kind == ColumnKind::kEnum) column.labels = {"one", "two", "three"};
  if (kind == ColumnKind::kSet) {
    column.labels.assign(16u * (variant + 1u), "label");
  }
  return column;
}

TableSchema ReadSchema(ByteReader* input) {
  constexpr uint8_t kKinds = static_cast<uint8_t>(ColumnKind::kVector) + 1;
  TableSchema schema;
  schema.database = "d";
  schema.table = "t";
  const size_t columns = 1 + input->U8() % 32u;
  for (size_t i = 0; i < columns; ++i) {
    const uint8_t choice = input->U8();
    Column column = MakeColumn(static_cast<ColumnKind>(choice % kKinds),
                               static_cast<uint8_t>(choice / kKinds % 4));
    column.name = absl::StrCat("c", i);
    schema.columns.push_back(column);
  }
  schema.key_columns = {0};
  return schema;
}

struct FuzzedRows {
  RowsEvent event;
  MissingDocument missing_document = MissingDocument::kRefuse;
  RowDecoder::Columns columns = RowDecoder::Columns::kAll;
};

FuzzedRows ReadRows(size_t columns, ByteReader* input) {
  FuzzedRows rows;
  const uint8_t choice = input->U8();
  RowsEvent& event = rows.event;
  event.is_partial = choice % 4 == 3;
  event.kind = event.is_partial ? RowsEvent::Kind::kUpdate
                                : static_cast<RowsEvent::Kind>(choice % 4);
  if ((choice & 4) != 0) rows.missing_document = MissingDocument::kLeaveOut;
  if ((choice & 8) != 0) rows.columns = RowDecoder::Columns::kSome;
  event.column_count = columns;
  const size_t bitmap_bytes = (columns + 7) / 8;
  if (event.kind != RowsEvent::Kind::kWrite) {
    event.before_columns = input->Bytes(bitmap_bytes);
  }
  if (event.kind != RowsEvent::Kind::kDelete) {
    event.after_columns = input->Bytes(bitmap_bytes);
  }
  event.rows = input->Rest();
  return rows;
}

void Run(absl::Span<const uint8_t> bytes) {
  ByteReader input(bytes);
  const TableSchema schema = ReadSchema(&input);
  const std::string body = TableMapBody(1, schema);
  const absl::StatusOr<TableMapEvent> event = ParseTableMap(AsBytes(body));
  if (!event.ok()) __builtin_trap();
  const absl::StatusOr<TableMap> map = BuildTableMap(*event);
  if (!map.ok()) __builtin_trap();
  const FuzzedRows rows = ReadRows(schema.columns.size(), &input);
  if (!input.ok()) return;

  constexpr size_t kBytesPerByte = 512;  // As JSON diffs need at most.
  constexpr size_t kSlackBytes = 65536;
  const AllocationBound bound(kBytesPerByte * bytes.size() + kSlackBytes);
  const absl::StatusOr<uint64_t> count = CountRows(*map, rows.event);
  RowDecoder decoder(rows.missing_document);
  if (!decoder.Start(*map, rows.event, rows.columns, map->schema.key_columns)
           .ok())
    return;
  std::vector<Value> before(schema.columns.size());
  std::vector<Value> after(schema.columns.size());
  uint64_t decoded = 0;
  for (; decoder.HasNext(); ++decoded) {
    if (!decoder.Next(absl::MakeSpan(before), absl::MakeSpan(after)).ok()) {
      return;
    }
    if (rows.columns == RowDecoder::Columns::kSome) continue;
    // Every byte of every value is read.
    if (rows.event.kind != RowsEvent::Kind::kWrite) ShowRow(before);
    if (rows.event.kind != RowsEvent::Kind::kDelete) ShowRow(after);
  }
  // Who passes over rows must see as many as who decodes them.
  if (!count.ok() || *count != decoded) __builtin_trap();
}

}  // namespace
}  // namespace binferry::worker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  binferry::worker::Run(absl::MakeConstSpan(bytes, size));
  return 0;
}
