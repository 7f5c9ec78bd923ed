#include "common/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"

namespace binferry {
namespace {

constexpr char kLoggerName[] = "binferry";

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::shared_ptr<spdlog::logger> MakeLogger(LogLevel level) {
  auto logger = std::make_shared<spdlog::logger>(
      kLoggerName, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%Y-%m-%dT%H:%M:%S.%fZ %^%l%$ %v", spdlog::pattern_time_type::utc));
  logger->set_level(ToSpdlog(level));
  logger->flush_on(spdlog::level::debug);
  return logger;
}

bool IsPlain(absl::string_view value) {
  if (value.empty()) return false;
  for (const char c : value) {
    const bool plain = c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
    if (!plain) return false;
  }
  return true;
}

// In double quotes, where single ones need no backslash.
std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(absl::Utf8SafeCEscape(text), {{"\\'", "'"}}),
      "\"");
}

void AppendValue(absl::string_view value, std::string* out) {
  if (IsPlain(value)) {
    absl::StrAppend(out, value);
  } else {
    absl::StrAppend(out, Quoted(value));
  }
}

}  // namespace

void StartLogging(LogLevel level) {
  spdlog::set_default_logger(MakeLogger(level));
}

absl::Status ParseLogLevel(absl::string_view text, LogLevel* level) {
  if (text == "debug") {
    *level = LogLevel::kDebug;
  } else if (text == "info") {
    *level = LogLevel::kInfo;
  } else if (text == "warning") {
    *level = LogLevel::kWarning;
  } else if (text == "error") {
    *level = LogLevel::kError;
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("log level \"", text,
                     "\" is unknown: use debug, info, warning or error"));
  }
  return absl::OkStatus();
}

std::string FormatLogFields(absl::Span<const LogField> fields) {
  std::string text;
  for (const LogField& field : fields) {
    absl::StrAppend(&text, text.empty() ? "" : " ", field.key(), "=");
    AppendValue(field.value(), &text);
  }
  return text;
}

std::string FormatLogLine(absl::string_view message,
                          absl::Span<const LogField> fields) {
  return absl::StrCat("message=", Quoted(message), fields.empty() ? "" : " ",
                      FormatLogFields(fields));
}

void Log(LogLevel level, absl::string_view message,
         absl::Span<const LogField> fields) {
  const std::shared_ptr<spdlog::logger> started =
      spdlog::default_logger()->name() == kLoggerName ? spdlog::default_logger()
                                                      : nullptr;
  if (started == nullptr) {
    if (level < LogLevel::kWarning) return;
    MakeLogger(level)->log(ToSpdlog(level), FormatLogLine(message, fields));
    return;
  }
  if (!started->should_log(ToSpdlog(level))) return;
  started->log(ToSpdlog(level), FormatLogLine(message, fields));
}

}  // namespace binferry
