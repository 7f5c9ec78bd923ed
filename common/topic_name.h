// The rules of Kafka topic names and of the formats that make them.
#ifndef BINFERRY_COMMON_TOPIC_NAME_H_
#define BINFERRY_COMMON_TOPIC_NAME_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry {

// Longest topic name, in bytes (Kafka, Topic.MAX_NAME_LENGTH).
inline constexpr size_t kMaxTopicNameBytes = 249;

// The format of automatically created topics unless the task names another.
inline constexpr absl::string_view kDefaultTopicNameFormat =
    "$database$-$tablename$";

// INVALID_ARGUMENT, naming the rule, unless Kafka takes `name` as a topic: 1 to
// 249 of `a-z A-Z 0-9 . _ -`, and neither "." nor "..".
absl::Status CheckTopicName(absl::string_view name);

// INVALID_ARGUMENT unless `format` consists of characters that a topic name may
// have and of the variables `$database$` and `$tablename$`; any other `$x$` is
// refused by name.
absl::Status CheckTopicNameFormat(absl::string_view format);

// The topic of a table under `format`: "$database$-$tablename$", "db1", "tab1"
// give "db1-tab1". Pass mapped names.
//
// An empty `table` gives the database's topic for DDL: separators (`. _ -`) of
// the format that the empty `$tablename$` leaves dangling at either end go, so
// that the same format gives "db1".
//
// INVALID_ARGUMENT for a bad format, and, naming table and topic, for a result
// that is no legal topic name.
absl::StatusOr<std::string> TopicNameFor(absl::string_view format,
                                         absl::string_view database,
                                         absl::string_view table);

}  // namespace binferry

#endif  // BINFERRY_COMMON_TOPIC_NAME_H_
