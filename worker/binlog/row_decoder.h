// The rows of rows events, as values.
#ifndef BINFERRY_WORKER_BINLOG_ROW_DECODER_H_
#define BINFERRY_WORKER_BINLOG_ROW_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/binlog/events.h"
#include "worker/binlog/table_map.h"
#include "worker/schema/row.h"

namespace binferry::worker {

// What becomes of a JSON column of which a partial update has only the
// differences from a document that the before image lacks, as written with
// binlog_row_value_options=PARTIAL_JSON and binlog_row_image=MINIMAL.
enum class MissingDocument : uint8_t {
  kRefuse,
  kLeaveOut,  // The after image lacks the column.
};

// Walks the rows of one rows event after the other, of any tables.
//
//   BINFERRY_RETURN_IF_ERROR(decoder.Start(map, rows));
//   while (decoder.HasNext()) {
//     BINFERRY_RETURN_IF_ERROR(decoder.Next(before, after));
//
// Memory is reused: after the first events of a table nothing is allocated; of
// JSON text no more than kMaxKeptTextBytes per image is kept from one event to
// the next. Statuses are DATA_LOSS, naming the table and, of a value, the
// column, for damaged bytes; they name no place. After an error only Start()
// may be called.
// Thread-compatible.
class RowDecoder {
 public:
  static constexpr size_t kMaxKeptTextBytes = size_t{4} << 20;

  // Which columns Next() decodes.
  enum class Columns : uint8_t {
    kAll,
    kSome,  // Those of `some`; the values of the others mean nothing.
  };

  explicit RowDecoder(
      MissingDocument missing_document = MissingDocument::kRefuse)
      : missing_document_(missing_document) {}

  // `map` and the bytes of `event` must live until the next Start(). DATA_LOSS
  // if the column counts differ; UNIMPLEMENTED if the rows have values of a
  // hidden column.
  //
  // Rows can lack all columns: an INSERT that names none into a table whose
  // columns have constant defaults, with binlog_row_image=MINIMAL. Such an
  // event has one row and no byte of it; MySQL fails statements that would need
  // a second one (error 1534; seen on 8.0.12, 8.0.33 and 9.7.4).
  absl::Status Start(const TableMap& map, const RowsEvent& event,
                     Columns columns = Columns::kAll,
                     absl::Span<const uint16_t> some = {});

  bool HasNext() const { return p_ != end_ || has_empty_row_; }

  // Decodes the next row; HasNext() must be true. `before` and `after` have a
  // value per column of the table, all of which are set: to kAbsent where the
  // image lacks the column. The image that the event's kind lacks is not
  // touched and may be empty. Values are valid until the next call, as long as
  // the event's bytes live.
  //
  // FAILED_PRECONDITION, naming the column, for a document that is missing as
  // of MissingDocument; UNIMPLEMENTED for value options of later versions.
  absl::Status Next(absl::Span<Value> before, absl::Span<Value> after);

  // Passes over a row without decoding it; HasNext() must be true.
  absl::Status Skip();

  // How many values were left out, as of MissingDocument, since construction.
  uint64_t missing_documents() const { return missing_documents_; }

 private:
  struct PresentColumn {
    uint16_t column = 0;
    bool is_wanted = true;
  };

  // Where the text of a JSON column stands in an image's `text`.
  struct TextPlace {
    uint16_t column = 0;
    size_t begin = 0;
    size_t end = 0;
  };

  // One of a row's two images.
  struct Image {
    std::vector<PresentColumn> present;
    std::vector<uint16_t> absent;
    std::vector<char> scratch;
    // JSON as text, one column after the other.
    std::string text;
    std::vector<TextPlace> texts;
    // The bytes of the columns that are JSON, by DecodeStep::json_index, where
    // neither absent nor NULL.
    std::vector<absl::string_view> documents;
  };

  absl::Status ChooseColumns(absl::Span<const uint8_t> bits, Columns columns,
                             absl::Span<const uint16_t> some,
                             Image* image) const;
  // `base` are the row's values in the before image, for the differences in an
  // after image; empty where there are none.
  absl::Status DecodeImage(Image* image, absl::Span<Value> values,
                           absl::Span<const Value> base);
  absl::Status DecodeJson(size_t column, absl::string_view bytes,
                          absl::Span<const Value> base, Image* image,
                          Value* value);
  absl::Status SkipImage(const Image& image);
  // What stands before the after image of a partial update; sets `diff_bits_`.
  absl::Status ReadValueOptions();
  // "database.table.column".
  std::string NameOf(size_t column) const;
  std::string TableName() const;  // "database.table".
  // DATA_LOSS for what stands around the values.
  absl::Status DamagedRow() const;
  // DATA_LOSS for the value of `column`.
  absl::Status Damaged(
      size_t column,
      absl::string_view reason = "is cut off or no value of its type") const;
  absl::Status MissingDocumentError(size_t column) const;

  const MissingDocument missing_document_;
  uint64_t missing_documents_ = 0;
  const TableMap* map_ = nullptr;
  bool has_before_ = false;
  bool has_after_ = false;
  bool is_partial_ = false;
  bool has_empty_row_ = false;
  Image before_;
  Image after_;
  const uint8_t* p_ = nullptr;
  const uint8_t* end_ = nullptr;
  // A bit per JSON column of the table: whether this after image has its
  // differences only. Null if it has none.
  const uint8_t* diff_bits_ = nullptr;
};

// How many rows the event has. Statuses as of RowDecoder.
absl::StatusOr<uint64_t> CountRows(const TableMap& map, const RowsEvent& event);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_ROW_DECODER_H_
