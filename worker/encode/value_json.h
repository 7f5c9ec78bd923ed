// Decoded values as JSON.
#ifndef BINFERRY_WORKER_ENCODE_VALUE_JSON_H_
#define BINFERRY_WORKER_ENCODE_VALUE_JSON_H_

#include "worker/encode/json_writer.h"
#include "worker/encode/table_plan.h"
#include "worker/schema/row.h"

namespace binferry::worker {

// Writes `value`, which is not absent, of the column of `step`: a JSON string,
// or `null`. An ENUM or SET whose labels are unknown is written as its number.
// False, see JsonWriter::String, for a text, a label too, that is not valid in
// the column's character set, where the step's InvalidText is to stop.
[[nodiscard]] bool WriteValue(RecordFormat format, const ColumnStep& step,
                              const Value& value, JsonWriter* writer);

// Whether two values of one column are written alike. Texts are compared by
// their bytes, whatever the collation; ENUM and SET by their numbers, so that
// the error value of an ENUM differs from a label "". Renders nothing.
bool HaveSameText(const Value& a, const Value& b);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_VALUE_JSON_H_
