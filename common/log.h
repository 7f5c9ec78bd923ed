// Structured logs: one line an entry on stderr, a fixed message and fields:
//
//   2024-01-31T12:00:00.123456Z info message="task placed"
//   task=projects/p/tasks/t epoch=3
//
// INFO is for the life cycle, WARN for what was recovered from, ERROR for what
// someone must act on. Secrets and row values never come here; `Secret` has no
// conversion to a field.
#ifndef BINFERRY_COMMON_LOG_H_
#define BINFERRY_COMMON_LOG_H_

#include <concepts>
#include <initializer_list>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace binferry {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// One `key=value` of a log line. `key` is a literal of `a-z 0-9 _`; the value
// is quoted and escaped where it has other than plain characters. Immutable.
class LogField {
 public:
  LogField(absl::string_view key, absl::string_view value)
      : key_(key), value_(value) {}
  LogField(absl::string_view key, const std::string& value)
      : key_(key), value_(value) {}
  LogField(absl::string_view key, const char* value)
      : key_(key), value_(value) {}
  LogField(absl::string_view key, bool value)
      : key_(key), value_(value ? "true" : "false") {}
  template <typename T>
  requires((std::integral<T> || std::floating_point<T>)&&!std::same_as<T, bool>)
      LogField(absl::string_view key, T value)
      : key_(key), value_(absl::StrCat(value)) {}
  LogField(absl::string_view key, absl::Duration value)
      : key_(key), value_(absl::FormatDuration(value)) {}
  LogField(absl::string_view key, absl::Time value)
      : key_(key),
        value_(
            absl::FormatTime(absl::RFC3339_full, value, absl::UTCTimeZone())) {}
  // "UNAVAILABLE: what happened".
  LogField(absl::string_view key, const absl::Status& value)
      : key_(key),
        value_(value.ToString(absl::StatusToStringMode::kWithNoExtraData)) {}

  absl::string_view key() const { return key_; }
  const std::string& value() const { return value_; }

 private:
  absl::string_view key_;
  std::string value_;
};

// Sends logs to stderr, those below `level` excepted. Called once, by main;
// before it only warnings and errors appear.
void StartLogging(LogLevel level);

// "debug", "info", "warning" or "error"; INVALID_ARGUMENT otherwise.
absl::Status ParseLogLevel(absl::string_view text, LogLevel* level);

// The line without time and level: `message="..." key=value`.
std::string FormatLogLine(absl::string_view message,
                          absl::Span<const LogField> fields);

// `key=value key=value`; "" without fields.
std::string FormatLogFields(absl::Span<const LogField> fields);

// Thread-safe.
void Log(LogLevel level, absl::string_view message,
         absl::Span<const LogField> fields);

inline void LogDebug(absl::string_view message,
                     std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kDebug, message, fields);
}
inline void LogInfo(absl::string_view message,
                    std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kInfo, message, fields);
}
inline void LogWarning(absl::string_view message,
                       std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kWarning, message, fields);
}
inline void LogError(absl::string_view message,
                     std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kError, message, fields);
}

}  // namespace binferry

#endif  // BINFERRY_COMMON_LOG_H_
