// Rows as JSON.
#ifndef BINFERRY_WORKER_DECODE_ROW_IMAGE_H_
#define BINFERRY_WORKER_DECODE_ROW_IMAGE_H_

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "worker/decode/table_directory.h"
#include "worker/encode/arena.h"
#include "worker/schema/row.h"

namespace binferry::worker {

// Writes row images as objects from column names to values, as records have
// them, or one of these:
//   {"invalid_text":"C328"}  bytes that are invalid in the column's charset
//   {"unavailable":true}     the image has a change of the document, but not
//                            the document
// A column that the image lacks is left out. Thread-compatible.
class RowImageWriter {
 public:
  // `values` has a value per column; `present` is the image's bitmap (see
  // RowsEvent).
  void Append(const PrintedTable& table, absl::Span<const Value> values,
              absl::Span<const uint8_t> present, std::string* out);

 private:
  void AppendValue(const PrintedTable& table, size_t column, const Value& value,
                   std::string* out);

  Arena arena_;  // One value at a time.
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_DECODE_ROW_IMAGE_H_
