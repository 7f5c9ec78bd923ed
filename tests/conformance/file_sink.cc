#include "tests/conformance/file_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/read_file.h"
#include "common/status_macros.h"
#include "worker/sink/checkpoint_record.h"

namespace binferry::worker {
namespace {

constexpr absl::string_view kEnd = "end\n";
constexpr size_t kMaxFileBytes = size_t{1} << 32;

absl::Status SystemError(absl::string_view what, const std::string& path) {
  return absl::UnavailableError(
      absl::StrCat(what, " ", path, ": ", std::strerror(errno)));
}

absl::Status NoBlock(size_t offset) {
  return absl::FailedPreconditionError(
      absl::StrCat("byte ", offset, " of the sink's file starts no block"));
}

// Takes "WORD N\n" off the front; nothing where it is cut short.
std::optional<size_t> TakeNumberLine(absl::string_view word,
                                     absl::string_view* rest) {
  const size_t end = rest->find('\n');
  if (end == absl::string_view::npos) return std::nullopt;
  absl::string_view line = rest->substr(0, end);
  rest->remove_prefix(end + 1);
  size_t number = 0;
  if (!absl::ConsumePrefix(&line, word) || !absl::ConsumePrefix(&line, " ") ||
      !absl::SimpleAtoi(line, &number)) {
    return std::nullopt;
  }
  return number;
}

absl::StatusOr<Checkpoint> CheckpointOf(absl::string_view body) {
  constexpr absl::string_view kWord = "\ncheckpoint ";
  // Of a body without records the line is the first. Records may hold anything,
  // but the checkpoint, of which JSON allows no line break, comes last.
  const std::string text = absl::StrCat("\n", body);
  const size_t start = absl::string_view(text).rfind(kWord);
  if (start == absl::string_view::npos) {
    return absl::FailedPreconditionError("a block without a checkpoint");
  }
  absl::string_view rest = absl::string_view(text).substr(start + 1);
  const std::optional<size_t> size = TakeNumberLine("checkpoint", &rest);
  if (!size.has_value() || rest.size() != *size + 1) {
    return absl::FailedPreconditionError("a block with a damaged checkpoint");
  }
  return ParseCheckpoint(rest.substr(0, *size));
}

void KillThisProcess() {
  kill(getpid(), SIGKILL);
  pause();  // The signal may take a moment.
}

}  // namespace

absl::StatusOr<FileSinkContent> ReadFileSink(absl::string_view bytes) {
  FileSinkContent content;
  while (content.whole_bytes < bytes.size()) {
    absl::string_view rest = bytes.substr(content.whole_bytes);
    const absl::string_view block = rest;
    if (rest.find('\n') == absl::string_view::npos) break;
    const std::optional<size_t> size = TakeNumberLine("block", &rest);
    if (!size.has_value()) return NoBlock(content.whole_bytes);
    if (rest.size() < *size + kEnd.size()) break;
    if (rest.substr(*size, kEnd.size()) != kEnd) {
      return NoBlock(content.whole_bytes);
    }
    BINFERRY_ASSIGN_OR_RETURN(content.checkpoint,
                              CheckpointOf(rest.substr(0, *size)));
    content.whole_bytes += block.size() - rest.size() + *size + kEnd.size();
  }
  return content;
}

absl::StatusOr<OpenedSink> FileSink::Open(Options options) {
  const int file =
      open(options.path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return SystemError("can't open", options.path);
  const std::string path = options.path;
  std::unique_ptr<FileSink> sink(new FileSink(std::move(options), file));
  BINFERRY_ASSIGN_OR_RETURN(const std::string bytes,
                            ReadFile(path, kMaxFileBytes));
  BINFERRY_ASSIGN_OR_RETURN(FileSinkContent content, ReadFileSink(bytes));
  if (ftruncate(file, static_cast<off_t>(content.whole_bytes)) != 0) {
    return SystemError("can't cut", path);
  }
  return OpenedSink{.sink = std::move(sink),
                    .checkpoint = std::move(content.checkpoint)};
}

FileSink::FileSink(Options options, int file)
    : options_(std::move(options)), file_(file) {}

FileSink::~FileSink() { close(file_); }

absl::StatusOr<RecordSink::Topic> FileSink::OpenTopic(const std::string& name) {
  absl::MutexLock lock(&mu_);
  size_t index = 0;
  while (index < topics_.size() && topics_[index] != name) ++index;
  if (index == topics_.size()) topics_.push_back(name);
  return Topic{.handle = TopicHandle{static_cast<int32_t>(index)},
               .partition_count = kPartitions};
}

absl::Status FileSink::Write(absl::Span<const Record> records) {
  absl::MutexLock lock(&mu_);
  for (const Record& record : records) {
    const auto topic = static_cast<size_t>(record.topic.index);
    if (topic >= topics_.size()) {
      return absl::InternalError("a record for a topic that nobody opened");
    }
    absl::StrAppend(
        &pending_, "record ", topics_[topic], " ", record.partition, " ",
        record.id, " ",
        record.has_key ? static_cast<int64_t>(record.key.size()) : -1, " ",
        record.value.size(), "\n");
    absl::StrAppend(&pending_, record.key, record.value, "\n");
  }
  return absl::OkStatus();
}

absl::Status FileSink::Commit(const Checkpoint& checkpoint) {
  const bool is_last = ++commits_ == options_.kill_at_commit;
  if (is_last && options_.kill_point == KillPoint::kBeforeBlock) {
    KillThisProcess();
  }
  const std::string text = SerializeCheckpoint(checkpoint);
  const std::string body =
      absl::StrCat(pending_, "checkpoint ", text.size(), "\n", text, "\n");
  const std::string block =
      absl::StrCat("block ", body.size(), "\n", body, kEnd);
  pending_.clear();
  if (write(file_, block.data(), block.size()) !=
      static_cast<ssize_t>(block.size())) {
    return SystemError("can't write", options_.path);
  }
  if (is_last) KillThisProcess();
  if (options_.on_commit != nullptr) options_.on_commit(checkpoint);
  return absl::OkStatus();
}

absl::Status FileSink::DeleteState() {
  return absl::UnimplementedError("a file sink keeps what was committed");
}

}  // namespace binferry::worker
