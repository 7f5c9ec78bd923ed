#include "worker/sink/kafka_produce.h"

#include <cstdint>
#include <utility>

#include "absl/strings/string_view.h"

namespace binferry::worker {
namespace {

// An empty text that isn't NULL, which means none to the client. It reads it
// only; it takes no const for the sake of other flags.
void* NotNull(absl::string_view text) {
  return const_cast<char*>(text.data() == nullptr ? "" : text.data());
}

rd_kafka_headers_t* MakeHeaders(const RecordHeaders& headers) {
  rd_kafka_headers_t* const made = rd_kafka_headers_new(4);
  for (const auto& [name, text] :
       {std::pair<absl::string_view, absl::string_view>{"gtid", headers.gtid},
        {"position", headers.position},
        {"row", headers.row},
        {"generation", headers.generation}}) {
    if (text.empty()) continue;
    rd_kafka_header_add(made, name.data(), static_cast<ssize_t>(name.size()),
                        text.data(), static_cast<ssize_t>(text.size()));
  }
  return made;
}

rd_kafka_resp_err_t QueueWithHeaders(rd_kafka_t* producer,
                                     rd_kafka_topic_t* topic, int flags,
                                     void* value, const Record& record) {
  rd_kafka_vu_t fields[7] = {};
  fields[0].vtype = RD_KAFKA_VTYPE_RKT;
  fields[0].u.rkt = topic;
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = record.partition;
  fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[2].u.i = flags;
  fields[3].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[3].u.mem.ptr = value;
  fields[3].u.mem.size = record.value.size();
  fields[4].vtype = RD_KAFKA_VTYPE_KEY;
  fields[4].u.mem.ptr = record.has_key ? NotNull(record.key) : nullptr;
  fields[4].u.mem.size = record.key.size();
  fields[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[5].u.ptr = reinterpret_cast<void*>(static_cast<uintptr_t>(record.id));
  rd_kafka_headers_t* const headers = MakeHeaders(*record.headers);
  fields[6].vtype = RD_KAFKA_VTYPE_HEADERS;
  fields[6].u.headers = headers;
  rd_kafka_error_t* const error = rd_kafka_produceva(producer, fields, 7);
  if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  // Only a message that was queued has taken them.
  rd_kafka_headers_destroy(headers);
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  return code;
}

}  // namespace

rd_kafka_resp_err_t QueueRecord(rd_kafka_t* producer, rd_kafka_topic_t* topic,
                                ValueBytes bytes, const Record& record) {
  void* const value =
      bytes == ValueBytes::kNone ? nullptr : NotNull(record.value);
  const int flags = bytes == ValueBytes::kCopied ? RD_KAFKA_MSG_F_COPY : 0;
  if (record.headers != nullptr) {
    return QueueWithHeaders(producer, topic, flags, value, record);
  }
  const int failed = rd_kafka_produce(
      topic, record.partition, flags, value, record.value.size(),
      record.has_key ? NotNull(record.key) : nullptr, record.key.size(),
      reinterpret_cast<void*>(static_cast<uintptr_t>(record.id)));
  return failed == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
}

}  // namespace binferry::worker
