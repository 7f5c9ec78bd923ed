// Binary JSON documents as MySQL writes them.
#ifndef BINFERRY_WORKER_BINLOG_TESTING_JSON_DOCUMENT_H_
#define BINFERRY_WORKER_BINLOG_TESTING_JSON_DOCUMENT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace binferry::worker {

// Each returns a whole document, and takes whole documents for what is in it.
std::string JsonNull();
std::string JsonBool(bool value);
// Of the integer types 5 to 10, whether the number fits or not.
std::string JsonInteger(uint8_t type, uint64_t value);
std::string JsonInt16(int16_t value);
std::string JsonReal(double value);
std::string JsonString(absl::string_view text);
std::string JsonOpaqueOf(uint8_t field_type, absl::string_view content);

enum class JsonSize : uint8_t { kSmall, kLarge };

std::string JsonArray(const std::vector<std::string>& elements,
                      JsonSize size = JsonSize::kSmall);
// The members must come in MySQL's order.
std::string JsonObject(
    const std::vector<std::pair<std::string, std::string>>& members,
    JsonSize size = JsonSize::kSmall);

// One diff of a partial update. `value` is a document, or empty for a removal.
std::string JsonDiff(uint8_t operation, absl::string_view path,
                     absl::string_view value);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TESTING_JSON_DOCUMENT_H_
