#include "worker/pipeline/record_origin.h"

#include "absl/strings/str_cat.h"
#include "worker/encode/json_writer.h"

namespace binferry::worker {

RecordOrigin::RecordOrigin(Generation generation, size_t record_rows,
                           Chunk* chunk)
    : chunk_(chunk) {
  if (!has_headers()) return;
  chunk_->headers.reserve(record_rows);
  common_.generation = Keep(absl::StrCat(generation.value()));
}

absl::string_view RecordOrigin::Keep(absl::string_view text) {
  JsonWriter writer(chunk_->arena.get());
  writer.Start();
  writer.Raw(text);
  return writer.Finish();
}

void RecordOrigin::MoveTo(size_t index, uint64_t* row) {
  const Chunk::Origin* reached = nullptr;
  while (next_ < chunk_->origins.size() &&
         chunk_->origins[next_].first_row_event <= index) {
    reached = &chunk_->origins[next_++];
  }
  if (reached == nullptr) return;
  if (reached->is_start) *row = 0;
  common_.gtid =
      reached->gtid.has_value() ? Keep(reached->gtid->ToString()) : "";
  common_.position =
      Keep(absl::StrCat(chunk_->place.file, ":", reached->position));
}

const RecordHeaders* RecordOrigin::HeadersOf(uint64_t number) {
  if (!has_headers()) return nullptr;
  RecordHeaders& headers = chunk_->headers.emplace_back(common_);
  JsonWriter writer(chunk_->arena.get());
  writer.Start();
  writer.Number(number);
  headers.row = writer.Finish();
  return &headers;
}

}  // namespace binferry::worker
