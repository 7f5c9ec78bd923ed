// The rows of rows events, as values.
#ifndef BINFERRY_WORKER_BINLOG_ROW_DECODER_H_
#define BINFERRY_WORKER_BINLOG_ROW_DECODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/binlog/events.h"
#include "worker/binlog/table_map.h"
#include "worker/schema/row.h"

namespace binferry::worker {

// Walks the rows of one rows event after the other, of any tables.
//
//   BINFERRY_RETURN_IF_ERROR(decoder.Start(map, rows));
//   while (decoder.HasNext()) {
//     BINFERRY_RETURN_IF_ERROR(decoder.Next(before, after));
//
// Memory is reused: after the first events of a table nothing is allocated.
// Statuses are DATA_LOSS, naming table and column, for damaged bytes; they name
// no place. After an error only Start() may be called. Thread-compatible.
class RowDecoder {
 public:
  // `map` and the bytes of `event` must live until the next Start(). DATA_LOSS
  // if the column counts differ; UNIMPLEMENTED if the rows have no column at
  // all, so that they can't be told apart.
  absl::Status Start(const TableMap& map, const RowsEvent& event);

  bool HasNext() const { return p_ != end_; }

  // Decodes the next row; HasNext() must be true. `before` and `after` have a
  // value per column of the table, all of which are set: to kAbsent where the
  // image lacks the column. The image that the event's kind lacks is not
  // touched and may be empty. Values are valid until the next call, as long as
  // the event's bytes live.
  absl::Status Next(absl::Span<Value> before, absl::Span<Value> after);

  // Passes over a row without decoding it; HasNext() must be true.
  absl::Status Skip();

 private:
  // One of a row's two images.
  struct Image {
    std::vector<uint16_t> present;  // Column indexes.
    std::vector<uint16_t> absent;
    std::vector<char> scratch;
  };

  static void ChooseColumns(absl::Span<const uint8_t> bits, size_t columns,
                            Image* image);
  absl::Status DecodeImage(Image* image, absl::Span<Value> values);
  absl::Status SkipImage(const Image& image);
  // DATA_LOSS for the value of `column`.
  absl::Status Damaged(size_t column) const;

  const TableMap* map_ = nullptr;
  bool has_before_ = false;
  bool has_after_ = false;
  Image before_;
  Image after_;
  const uint8_t* p_ = nullptr;
  const uint8_t* end_ = nullptr;
};

// How many rows the event has. Statuses as of RowDecoder.
absl::StatusOr<uint64_t> CountRows(const TableMap& map, const RowsEvent& event);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_ROW_DECODER_H_
