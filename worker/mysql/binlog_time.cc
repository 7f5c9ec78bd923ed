#include "worker/mysql/binlog_time.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/remedy.h"
#include "common/status_macros.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/event_header.h"
#include "worker/binlog/events.h"

namespace binferry::worker {
namespace {

// The groups of a stream, one after another.
class GroupStream {
 public:
  explicit GroupStream(std::unique_ptr<BinlogSource> source)
      : source_(std::move(source)) {}

  // Nothing at the stream's end. `executed_before` is left out.
  absl::StatusOr<std::optional<BinlogGroup>> Next() {
    for (;;) {
      const auto raw = source_->Next();
      if (absl::IsOutOfRange(raw.status())) return std::nullopt;
      BINFERRY_RETURN_IF_ERROR(raw.status());
      BINFERRY_ASSIGN_OR_RETURN(const EventFrame frame, decoder_.Frame(*raw));
      const EventHeader& header = frame.header;
      if (header.Is(EventType::kFormatDescription)) {
        if (!begun_.has_value())
          begun_ = absl::FromUnixSeconds(header.timestamp);
      } else if (header.Is(EventType::kPreviousGtids)) {
        BINFERRY_RETURN_IF_ERROR(TakePreviousGtids(frame));
      } else if (header.Is(EventType::kGtid) ||
                 header.Is(EventType::kTaggedGtid) ||
                 header.Is(EventType::kAnonymousGtid)) {
        return TakeGroup(frame);
      }
    }
  }

  // When the stream's first file was begun, to the second; known once Next()
  // has returned.
  std::optional<absl::Time> begun() const { return begun_; }

  // Of the group that Next() returned last.
  const GtidSet& executed_before() const { return executed_; }

  void Interrupt() { source_->Interrupt(); }

 private:
  absl::Status TakePreviousGtids(const EventFrame& frame) {
    BINFERRY_ASSIGN_OR_RETURN(const Event event, decoder_.Decode(frame));
    const auto* previous = std::get_if<PreviousGtidsEvent>(&event);
    if (previous == nullptr) return absl::OkStatus();
    absl::StatusOr<GtidSet> set = GtidSet::Decode(previous->encoded);
    if (!set.ok()) return decoder_.Locate(set.status());
    executed_ = *std::move(set);
    last_gtid_.reset();
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<BinlogGroup>> TakeGroup(
      const EventFrame& frame) {
    BINFERRY_ASSIGN_OR_RETURN(const Event event, decoder_.Decode(frame));
    const auto* gtid = std::get_if<GtidEvent>(&event);
    if (gtid == nullptr)
      return decoder_.Locate(absl::InternalError("a GTID event that is none"));
    if (last_gtid_.has_value()) executed_.Add(*last_gtid_);
    last_gtid_ = gtid->gtid;
    BinlogGroup group;
    group.start = {decoder_.file(), frame.position};
    group.gtid = gtid->gtid;
    group.commit_time = gtid->immediate_commit_us != 0
                            ? absl::FromUnixMicros(static_cast<int64_t>(
                                  gtid->immediate_commit_us))
                            : absl::FromUnixSeconds(frame.header.timestamp);
    return group;
  }

  std::unique_ptr<BinlogSource> source_;
  EventDecoder decoder_;
  std::optional<absl::Time> begun_;
  GtidSet executed_;
  // Of the group that Next() returned last: not executed before it.
  std::optional<Gtid> last_gtid_;
};

class TimeSearch {
 public:
  TimeSearch(absl::Time time, const BinlogTimeline& timeline,
             const std::stop_token& stop)
      : time_(time), timeline_(timeline), stop_(stop) {}

  // The last file that can hold the group; its index.
  absl::StatusOr<size_t> FindFile() {
    BINFERRY_ASSIGN_OR_RETURN(const size_t first_later, FirstLaterFile());
    if (first_later > readable_from_) return first_later - 1;
    const size_t oldest = std::min(first_later, timeline_.files.size() - 1);
    BINFERRY_RETURN_IF_ERROR(CheckNotPurged(oldest));
    return oldest;
  }

  absl::StatusOr<std::optional<BinlogGroup>> FindGroup() {
    BINFERRY_ASSIGN_OR_RETURN(const size_t file, FindFile());
    return FirstSince(file);
  }

 private:
  absl::StatusOr<GroupStream> Open(size_t index) {
    if (stop_.stop_requested()) return absl::CancelledError("interrupted");
    BINFERRY_ASSIGN_OR_RETURN(std::unique_ptr<BinlogSource> source,
                              timeline_.open(timeline_.files[index].name));
    return GroupStream(std::move(source));
  }

  // The first file of which no group, nor any later one, is before the time;
  // their number if there is none.
  absl::StatusOr<size_t> FirstLaterFile() {
    size_t low = 0;
    size_t high = timeline_.files.size();
    while (low < high) {
      const size_t middle = low + (high - low) / 2;
      BINFERRY_ASSIGN_OR_RETURN(GroupStream stream, Open(middle));
      // A file without groups tells no time: the stream goes on in the next.
      const absl::StatusOr<std::optional<BinlogGroup>> next = stream.Next();
      if (absl::IsUnimplemented(next.status())) {
        readable_from_ = low = middle + 1;
        continue;
      }
      BINFERRY_RETURN_IF_ERROR(next.status());
      const std::optional<BinlogGroup>& first = *next;
      if (first.has_value() && first->commit_time < time_) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  absl::Status CheckNotPurged(size_t index) {
    BINFERRY_ASSIGN_OR_RETURN(GroupStream oldest, Open(index));
    BINFERRY_RETURN_IF_ERROR(oldest.Next().status());
    if (oldest.begun().has_value() && *oldest.begun() <= time_)
      return absl::OkStatus();
    const absl::Time begun = oldest.begun().value_or(absl::InfiniteFuture());
    return RemedyError(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat(
            "the oldest binlog file that the source ", timeline_.where,
            " gives, ", timeline_.files[index].name, ", was begun at ",
            absl::FormatTime(begun, absl::UTCTimeZone()),
            ", after the start time ",
            absl::FormatTime(time_, absl::UTCTimeZone()),
            "; what was committed in between is purged, or was written under "
            "another gtid_mode"),
        "start at a later time, or now");
  }

  absl::StatusOr<std::optional<BinlogGroup>> FirstSince(size_t index) {
    BINFERRY_ASSIGN_OR_RETURN(GroupStream stream, Open(index));
    const std::stop_callback interrupt(stop_,
                                       [&stream] { stream.Interrupt(); });
    for (;;) {
      BINFERRY_ASSIGN_OR_RETURN(std::optional<BinlogGroup> group,
                                stream.Next());
      if (group.has_value() && group->commit_time < time_) continue;
      if (group.has_value()) group->executed_before = stream.executed_before();
      return group;
    }
  }

  const absl::Time time_;
  const BinlogTimeline& timeline_;
  const std::stop_token& stop_;
  size_t readable_from_ = 0;  // The server gives no file before this one.
};

absl::Status CheckHasFiles(const BinlogTimeline& timeline) {
  if (!timeline.files.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the source ", timeline.where, " lists no binlog file"));
}

}  // namespace

absl::StatusOr<std::optional<BinlogGroup>> FindFirstSince(
    absl::Time time, const BinlogTimeline& timeline,
    const std::stop_token& stop) {
  BINFERRY_RETURN_IF_ERROR(CheckHasFiles(timeline));
  return TimeSearch(time, timeline, stop).FindGroup();
}

absl::StatusOr<std::string> FindFileOf(absl::Time time,
                                       const BinlogTimeline& timeline,
                                       const std::stop_token& stop) {
  BINFERRY_RETURN_IF_ERROR(CheckHasFiles(timeline));
  BINFERRY_ASSIGN_OR_RETURN(const size_t file,
                            TimeSearch(time, timeline, stop).FindFile());
  return timeline.files[file].name;
}

}  // namespace binferry::worker
