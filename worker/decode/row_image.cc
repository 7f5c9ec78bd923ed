#include "worker/decode/row_image.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "worker/encode/json_writer.h"
#include "worker/encode/value_json.h"

namespace binferry::worker {

void RowImageWriter::Append(const PrintedTable& table,
                            absl::Span<const Value> values,
                            absl::Span<const uint8_t> present,
                            std::string* out) {
  *out += '{';
  bool is_first = true;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i / 8 >= present.size() || (present[i / 8] >> (i % 8) & 1) == 0) {
      continue;
    }
    // `,"name":`
    absl::StrAppend(
        out,
        absl::string_view(table.plan.columns[i].name).substr(is_first ? 1 : 0));
    is_first = false;
    AppendValue(table, i, values[i], out);
  }
  *out += '}';
}

void RowImageWriter::AppendValue(const PrintedTable& table, size_t column,
                                 const Value& value, std::string* out) {
  // The image has the column, yet no value could be made.
  if (value.kind == Value::Kind::kAbsent) {
    *out += "{\"unavailable\":true}";
    return;
  }
  JsonWriter writer(&arena_);
  writer.Start();
  if (WriteValue(table.plan.options.format, table.plan.columns[column], value,
                 &writer)) {
    absl::StrAppend(out, writer.Finish());
  } else {
    absl::StrAppend(out, "{\"invalid_text\":\"",
                    absl::AsciiStrToUpper(absl::BytesToHexString(value.bytes)),
                    "\"}");
  }
  arena_.Clear();
}

}  // namespace binferry::worker
