#include "worker/binlog/file_binlog_source.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/event_checksum.h"

namespace binferry::worker {
namespace {

constexpr uint64_t kFirstPosition = 4;
constexpr std::array<uint8_t, 4> kMagic = {0xfe, 'b', 'i', 'n'};
constexpr std::array<uint8_t, 4> kEncryptedMagic = {0xfd, 'b', 'i', 'n'};
// A FORMAT_DESCRIPTION: fixed fields and a byte for each event type.
constexpr uint64_t kMaxFormatBytes = 1024;

// Where a raw event's header has them.
constexpr size_t kEventSizeOffset = 9;
constexpr size_t kLogPosOffset = 13;
constexpr size_t kFlagsOffset = 17;

void AppendNumber(uint64_t value, size_t bytes, std::string* out) {
  for (size_t i = 0; i < bytes; ++i) {
    out->push_back(static_cast<char>((value >> (8 * i)) & 0xff));
  }
}

void AppendChecksum(std::string* event) {
  const auto bytes = AsBytes(*event);
  AppendNumber(crc32_z(0, bytes.data(), bytes.size()), kChecksumBytes, event);
}

// As a dump thread announces a file.
std::string ArtificialRotate(absl::string_view file, uint64_t position) {
  std::string event;
  AppendNumber(0, 4, &event);  // Timestamp.
  AppendNumber(static_cast<uint8_t>(EventType::kRotate), 1, &event);
  AppendNumber(0, 4, &event);  // Server id.
  AppendNumber(EventHeader::kBytes + 8 + file.size() + kChecksumBytes, 4,
               &event);
  AppendNumber(0, 4, &event);  // Stands in no file.
  AppendNumber(EventHeader::kArtificial, 2, &event);
  AppendNumber(position, 8, &event);
  event.append(file.data(), file.size());
  AppendChecksum(&event);
  return event;
}

// The FORMAT_DESCRIPTION `raw` as one that stands in no file and tells of no
// server start.
std::string DetachedFormat(absl::string_view raw) {
  constexpr size_t kCreatedOffset = EventHeader::kBytes + 2 + 50;
  std::string event(raw);
  for (const size_t offset : {kLogPosOffset, kCreatedOffset}) {
    std::fill_n(event.begin() + static_cast<ptrdiff_t>(offset), 4, '\0');
  }
  event[kFlagsOffset] =
      static_cast<char>(event[kFlagsOffset] & ~EventHeader::kInUse);
  event.resize(event.size() - kChecksumBytes);
  AppendChecksum(&event);
  return event;
}

// Of a ROTATE, which may have one or not, whatever its file says.
absl::Span<const uint8_t> WithoutChecksum(absl::Span<const uint8_t> event) {
  return HasValidChecksum(event) ? event.first(event.size() - kChecksumBytes)
                                 : event;
}

uint32_t SizeInHeader(absl::Span<const uint8_t> header) {
  return static_cast<uint32_t>(
      ReadLittleEndian(header.data() + kEventSizeOffset, 4));
}

}  // namespace

std::string FileBinlogSource::NameInStream(const std::string& path) {
  return path == "-" ? std::string(FileBytes::kStandardInput)
                     : path.substr(path.rfind('/') + 1);
}

absl::StatusOr<std::unique_ptr<FileBinlogSource>> FileBinlogSource::Create(
    FileSourceOptions options) {
  if (options.paths.empty()) {
    return absl::FailedPreconditionError("no binlog file is named");
  }
  if (options.start_position < kFirstPosition) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the start position ", options.start_position,
        " is before the first event of a file, which is at ", kFirstPosition));
  }
  BINFERRY_ASSIGN_OR_RETURN(std::unique_ptr<Wakeup> wakeup, Wakeup::Create());
  return absl::WrapUnique(
      new FileBinlogSource(std::move(options), std::move(wakeup)));
}

FileBinlogSource::FileBinlogSource(FileSourceOptions options,
                                   std::unique_ptr<Wakeup> wakeup)
    : options_(std::move(options)), wakeup_(std::move(wakeup)) {}

absl::StatusOr<absl::Span<const uint8_t>> FileBinlogSource::Next() {
  if (wakeup_->is_set()) return absl::CancelledError("interrupted");
  absl::StatusOr<absl::Span<const uint8_t>> event = NextOrError();
  if (!event.ok()) {
    queue_.clear();
    file_.reset();
  }
  return event;
}

absl::StatusOr<absl::Span<const uint8_t>> FileBinlogSource::NextOrError() {
  if (file_ != nullptr) file_->Consume(std::exchange(consumed_bytes_, 0));
  while (true) {
    if (!queue_.empty()) {
      made_ = std::move(queue_.front());
      queue_.erase(queue_.begin());
      return AsBytes(made_);
    }
    if (file_ != nullptr) {
      BINFERRY_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> event,
                                PeekEvent());
      if (!event.empty()) {
        BINFERRY_ASSIGN_OR_RETURN(const EventHeader header,
                                  ParseEventHeader(event));
        if (is_relay_log_) {
          if (auto rotate = FollowRelayLog(header, event)) {
            made_ = *std::move(rotate);
            return AsBytes(made_);
          }
        }
        consumed_bytes_ = event.size();
        return event;
      }
      file_.reset();
    }
    if (next_path_ == options_.paths.size()) {
      return absl::OutOfRangeError("the files have been read to their end");
    }
    BINFERRY_RETURN_IF_ERROR(OpenNext());
  }
}

absl::Status FileBinlogSource::OpenNext() {
  const bool is_first = next_path_ == 0;
  BINFERRY_ASSIGN_OR_RETURN(
      file_, FileBytes::Open(options_.paths[next_path_++], wakeup_.get()));
  is_in_use_ = false;
  BINFERRY_RETURN_IF_ERROR(CheckMagic());
  BINFERRY_RETURN_IF_ERROR(ReadFormat());
  const std::string name = NameInStream(file_->path());
  place_ = {name, kFirstPosition};
  // One relay log goes on where the last one ended, most often without a word.
  if (is_first || !is_relay_log_) source_ = place_;
  if (!is_first || options_.start_position == kFirstPosition) {
    queue_ = {ArtificialRotate(name, kFirstPosition)};
    return absl::OkStatus();
  }
  BINFERRY_RETURN_IF_ERROR(SeekStart());
  queue_ = {ArtificialRotate(name, options_.start_position),
            DetachedFormat(format_)};
  return absl::OkStatus();
}

absl::Status FileBinlogSource::CheckMagic() {
  BINFERRY_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> magic,
                            file_->Peek(kMagic.size()));
  const size_t count = magic.size();
  if (std::equal(magic.begin(), magic.end(), kEncryptedMagic.begin()) &&
      count == kMagic.size()) {
    return At(absl::FailedPreconditionError(
        "the binlog file is encrypted (binlog_encryption=ON on its server): "
        "read it through the server, which decrypts it (decode --from)"));
  }
  if (std::equal(magic.begin(), magic.end(), kMagic.begin())) {
    if (count < kMagic.size()) return Truncated();
    file_->Consume(count);
    return absl::OkStatus();
  }
  return At(absl::FailedPreconditionError(
      "this is no binlog file: it doesn't begin with the bytes fe 62 69 6e; "
      "name files that SHOW BINARY LOGS lists, unpacked"));
}

absl::Status FileBinlogSource::ReadFormat() {
  BINFERRY_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> peeked,
                            file_->Peek(EventHeader::kBytes));
  if (peeked.size() < EventHeader::kBytes) {
    return Truncated();
  }
  constexpr size_t kTypeOffset = 4;
  if (peeked[kTypeOffset] !=
          static_cast<uint8_t>(EventType::kFormatDescription) ||
      SizeInHeader(peeked) > kMaxFormatBytes) {
    return At(absl::DataLossError(
        "a binlog file of MySQL 5.0 or later begins with a FORMAT_DESCRIPTION "
        "event; this one is damaged, or older"));
  }
  BINFERRY_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> event, PeekEvent());
  BINFERRY_ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(event));
  is_in_use_ = header.has_flag(EventHeader::kInUse);
  is_relay_log_ = header.has_flag(EventHeader::kRelayLog);
  BINFERRY_RETURN_IF_ERROR(
      At(ParseFormatDescription(event.subspan(EventHeader::kBytes)).status()));
  format_ = std::string(AsText(event));
  // In a file it always has one, be the algorithm none.
  if (!HasValidChecksum(AsBytes(format_))) {
    return At(absl::DataLossError(
        "the file's FORMAT_DESCRIPTION does not match its checksum: the file "
        "was damaged"));
  }
  return absl::OkStatus();
}

absl::Status FileBinlogSource::SeekStart() {
  const uint64_t start = options_.start_position;
  if (is_relay_log_) {
    return At(absl::FailedPreconditionError(
        "a relay log can only be read from its start: its events have the "
        "positions of the replica's source"));
  }
  if (const absl::Status skipped = file_->SkipTo(start); !skipped.ok()) {
    return absl::IsOutOfRange(skipped)
               ? absl::FailedPreconditionError(absl::StrCat(
                     skipped.message(), ", and the start position is ", start))
               : skipped;
  }
  BINFERRY_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> header,
                            file_->Peek(EventHeader::kBytes));
  if (header.empty()) return absl::OkStatus();  // The very end.
  // The event's own word on where it ends.
  const bool is_event = header.size() == EventHeader::kBytes &&
                        static_cast<uint32_t>(start + SizeInHeader(header)) ==
                            ReadLittleEndian(header.data() + kLogPosOffset, 4);
  if (is_event) return absl::OkStatus();
  return At(absl::FailedPreconditionError(
      "no event starts here: take a position that decode prints, or that the "
      "server gave"));
}

absl::StatusOr<absl::Span<const uint8_t>> FileBinlogSource::PeekEvent() {
  BINFERRY_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> header,
                            file_->Peek(EventHeader::kBytes));
  if (header.empty()) return header;
  if (header.size() < EventHeader::kBytes) {
    return Truncated();
  }
  const uint32_t size = SizeInHeader(header);
  if (size < EventHeader::kBytes || size > kMaxEventBytes) {
    return At(absl::DataLossError(absl::StrCat(
        "an event claims to have ", size, " bytes: the file is damaged here")));
  }
  BINFERRY_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> event,
                            file_->Peek(size));
  if (event.size() < size) return Truncated();
  return event;
}

std::optional<std::string> FileBinlogSource::FollowRelayLog(
    const EventHeader& header, absl::Span<const uint8_t> event) {
  const bool is_written =
      header.log_pos != 0 && !header.has_flag(EventHeader::kArtificial);
  if (is_written) {
    // A replica doesn't keep the source's STOP, and doesn't flag its own.
    const bool is_own =
        header.has_flag(EventHeader::kRelayLog) || header.Is(EventType::kStop);
    Coordinates start{NameInStream(file_->path()), file_->position()};
    if (!is_own) {
      // The nearest place with these low 32 bits.
      const uint32_t low = header.log_pos - header.event_size;
      const auto distance =
          static_cast<int32_t>(low - static_cast<uint32_t>(source_.position));
      start = {source_.file,
               source_.position + static_cast<uint64_t>(int64_t{distance})};
    }
    if (start != place_) {
      place_ = std::move(start);
      return ArtificialRotate(place_.file, place_.position);
    }
    place_.position += header.event_size;
    if (!is_own) source_ = place_;
  }
  if (header.Is(EventType::kRotate)) {
    const auto rotate = ParseRotate(
        header, WithoutChecksum(event).subspan(EventHeader::kBytes));
    if (!rotate.ok()) return std::nullopt;  // EventDecoder tells.
    place_ = {std::string(rotate->file), rotate->position};
    if (!header.has_flag(EventHeader::kRelayLog)) source_ = place_;
  }
  return std::nullopt;
}

absl::Status FileBinlogSource::Truncated() const {
  return At(absl::DataLossError(absl::StrCat(
      "the file ends within an event: ",
      is_in_use_ ? "its server is still writing it, or crashed. Read on later, "
                   "or through the server (decode --from)"
                 : "it was cut off. Copy it anew, or read it through the "
                   "server (decode --from)")));
}

absl::Status FileBinlogSource::At(const absl::Status& status) const {
  return AtCoordinates(status, {file_->path(), file_->position()});
}

}  // namespace binferry::worker
