#include "worker/binlog/gtid_set.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the encodings are little-endian");

using Interval = GtidSet::Interval;
using Intervals = std::vector<Interval>;

// The server's numbers are signed, and an interval's exclusive end must fit.
constexpr uint64_t kMaxNumber = std::numeric_limits<int64_t>::max() - 1;
constexpr size_t kMaxTagLength = 32;
constexpr size_t kUuidBytes = 16;
// The top byte of an encoded set's first eight tells the format; the lowest is
// also 1 in the tagged one, so that older servers find no sense in it.
constexpr uint64_t kTaggedMark = (uint64_t{1} << 56) | 1;
constexpr uint64_t kMaxCount = (uint64_t{1} << 48) - 1;

std::string UuidText(const std::array<uint8_t, kUuidBytes>& uuid) {
  const std::string hex = absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(uuid.data()), uuid.size()));
  const absl::string_view h = hex;
  return absl::StrCat(h.substr(0, 8), "-", h.substr(8, 4), "-", h.substr(12, 4),
                      "-", h.substr(16, 4), "-", h.substr(20));
}

std::optional<std::array<uint8_t, kUuidBytes>> ParseUuid(
    absl::string_view text) {
  constexpr size_t kTextLength = 36;
  if (text.size() != kTextLength) return std::nullopt;
  std::string hex;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
    } else {
      if (!absl::ascii_isxdigit(static_cast<unsigned char>(text[i])))
        return std::nullopt;
      hex.push_back(text[i]);
    }
  }
  const std::string bytes = absl::HexStringToBytes(hex);
  std::array<uint8_t, kUuidBytes> uuid;
  std::memcpy(uuid.data(), bytes.data(), uuid.size());
  return uuid;
}

bool IsTagStart(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_';
}

bool IsTag(absl::string_view text) {
  if (text.empty() || text.size() > kMaxTagLength || !IsTagStart(text[0]))
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsTagStart(c) || absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

std::optional<uint64_t> ParseNumber(absl::string_view text) {
  uint64_t number = 0;
  // SimpleAtoi takes a sign; a GTID has none.
  if (text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(text[0])))
    return std::nullopt;
  if (!absl::SimpleAtoi(text, &number) || number == 0 || number > kMaxNumber)
    return std::nullopt;
  return number;
}

std::optional<Interval> ParseInterval(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(text, absl::MaxSplits('-', 1));
  const std::optional<uint64_t> first =
      ParseNumber(absl::StripAsciiWhitespace(ends.first));
  if (!first) return std::nullopt;
  if (text.find('-') == absl::string_view::npos)
    return Interval{*first, *first};
  const std::optional<uint64_t> last =
      ParseNumber(absl::StripAsciiWhitespace(ends.second));
  if (!last || *last < *first) return std::nullopt;
  return Interval{*first, *last};
}

void AddInterval(const Interval& added, Intervals& intervals) {
  // The first that `added` overlaps or touches; most often it is the last, or
  // none.
  auto begin = std::lower_bound(intervals.begin(), intervals.end(), added,
                                [](const Interval& a, const Interval& b) {
                                  return a.last + 1 < b.first;
                                });
  Interval merged = added;
  auto end = begin;
  for (; end != intervals.end() && end->first <= added.last + 1; ++end) {
    merged.first = std::min(merged.first, end->first);
    merged.last = std::max(merged.last, end->last);
  }
  if (begin == end) {
    intervals.insert(begin, merged);
    return;
  }
  *begin = merged;
  intervals.erase(std::next(begin), end);
}

Intervals UnionOf(const Intervals& a, const Intervals& b) {
  Intervals sorted;
  sorted.reserve(a.size() + b.size());
  std::merge(
      a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(sorted),
      [](const Interval& x, const Interval& y) { return x.first < y.first; });
  Intervals merged;
  for (const Interval& next : sorted) {
    if (!merged.empty() && next.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, next.last);
    } else {
      merged.push_back(next);
    }
  }
  return merged;
}

Intervals Difference(const Intervals& from, const Intervals& taken) {
  Intervals left;
  auto cut = taken.begin();
  for (Interval rest : from) {
    while (cut != taken.end() && cut->last < rest.first) ++cut;
    auto next = cut;
    bool whole_is_taken = false;
    for (; next != taken.end() && next->first <= rest.last; ++next) {
      if (next->first > rest.first)
        left.push_back({rest.first, next->first - 1});
      if (next->last >= rest.last) {
        whole_is_taken = true;
        break;
      }
      rest.first = next->last + 1;
    }
    if (!whole_is_taken) left.push_back(rest);
  }
  return left;
}

void AppendU64(uint64_t value, std::string& out) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

// Takes from the front of `bytes`.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<absl::string_view> Take(size_t count) {
    if (bytes_.size() < count)
      return absl::DataLossError(absl::StrCat("an encoded GTID set ends ",
                                              count - bytes_.size(),
                                              " bytes too early"));
    const absl::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  absl::StatusOr<uint64_t> TakeU64() {
    BINFERRY_ASSIGN_OR_RETURN(const absl::string_view bytes,
                              Take(sizeof(uint64_t)));
    uint64_t value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  bool empty() const { return bytes_.empty(); }

 private:
  absl::string_view bytes_;
};

absl::StatusOr<std::string> TakeTag(Reader& reader) {
  BINFERRY_ASSIGN_OR_RETURN(const absl::string_view length_byte,
                            reader.Take(1));
  // A variable-length integer whose one-byte form is the number doubled; no
  // valid tag needs a longer form.
  const auto doubled = static_cast<uint8_t>(length_byte[0]);
  const size_t length = doubled >> 1;
  if ((doubled & 1) != 0 || length > kMaxTagLength)
    return absl::DataLossError(
        "an encoded GTID set has a tag that is too long");
  BINFERRY_ASSIGN_OR_RETURN(const absl::string_view tag, reader.Take(length));
  if (!tag.empty() && (!IsTag(tag) || absl::AsciiStrToLower(tag) != tag))
    return absl::DataLossError("an encoded GTID set has a malformed tag");
  return std::string(tag);
}

absl::StatusOr<Intervals> TakeIntervals(Reader& reader) {
  BINFERRY_ASSIGN_OR_RETURN(const uint64_t count, reader.TakeU64());
  Intervals intervals;
  for (uint64_t i = 0; i < count; ++i) {
    BINFERRY_ASSIGN_OR_RETURN(const uint64_t first, reader.TakeU64());
    BINFERRY_ASSIGN_OR_RETURN(const uint64_t end, reader.TakeU64());
    const uint64_t floor = intervals.empty() ? 0 : intervals.back().last + 1;
    if (first <= floor || end <= first || end - 1 > kMaxNumber)
      return absl::DataLossError(
          "an encoded GTID set has intervals that are empty or out of order");
    intervals.push_back({first, end - 1});
  }
  return intervals;
}

absl::Status BadPart(absl::string_view part, absl::string_view why) {
  constexpr size_t kMaxQuoted = 80;
  return absl::InvalidArgumentError(absl::StrCat(
      "not a GTID set: '", absl::CHexEscape(part.substr(0, kMaxQuoted)),
      part.size() > kMaxQuoted ? "…" : "", "' ", why,
      "; expected uuid:first-last[:first-last…], several joined by commas"));
}

}  // namespace

std::string Gtid::ToString() const {
  return origin.tag.empty() ? absl::StrCat(UuidText(origin.uuid), ":", number)
                            : absl::StrCat(UuidText(origin.uuid), ":",
                                           origin.tag, ":", number);
}

absl::StatusOr<GtidSet> GtidSet::Parse(absl::string_view text) {
  GtidSet set;
  for (absl::string_view element : absl::StrSplit(text, ',')) {
    element = absl::StripAsciiWhitespace(element);
    if (element.empty()) continue;  // The server allows it too.
    const std::vector<absl::string_view> tokens = absl::StrSplit(element, ':');
    const auto uuid = ParseUuid(absl::StripAsciiWhitespace(tokens[0]));
    if (!uuid) return BadPart(tokens[0], "is no UUID");
    GtidOrigin origin{*uuid, ""};
    bool owes_interval = true;
    for (size_t i = 1; i < tokens.size(); ++i) {
      const absl::string_view token = absl::StripAsciiWhitespace(tokens[i]);
      if (!token.empty() && IsTagStart(token[0])) {
        if (!IsTag(token)) return BadPart(token, "is no tag");
        if (owes_interval && !origin.tag.empty())
          return BadPart(origin.tag, "is a tag without an interval");
        origin.tag = absl::AsciiStrToLower(token);
        owes_interval = true;
        continue;
      }
      const std::optional<Interval> interval = ParseInterval(token);
      if (!interval) return BadPart(token, "is no interval of numbers from 1");
      AddInterval(*interval, set.intervals_[origin]);
      owes_interval = false;
    }
    if (owes_interval) return BadPart(element, "ends without an interval");
  }
  return set;
}

std::string GtidSet::ToString() const {
  std::string text;
  const GtidOrigin* previous = nullptr;
  for (const auto& [origin, intervals] : intervals_) {
    if (previous == nullptr || previous->uuid != origin.uuid) {
      absl::StrAppend(&text, previous == nullptr ? "" : ",",
                      UuidText(origin.uuid));
    }
    if (!origin.tag.empty()) absl::StrAppend(&text, ":", origin.tag);
    for (const Interval& interval : intervals) {
      absl::StrAppend(&text, ":", interval.first);
      if (interval.last != interval.first)
        absl::StrAppend(&text, "-", interval.last);
    }
    previous = &origin;
  }
  return text;
}

std::string GtidSet::Encode() const {
  const bool tagged =
      std::any_of(intervals_.begin(), intervals_.end(),
                  [](const auto& entry) { return !entry.first.tag.empty(); });
  std::string out;
  const uint64_t count = intervals_.size();
  AppendU64(tagged ? kTaggedMark | (count << 8) : count, out);
  for (const auto& [origin, intervals] : intervals_) {
    out.append(reinterpret_cast<const char*>(origin.uuid.data()),
               origin.uuid.size());
    if (tagged) {
      out.push_back(static_cast<char>(origin.tag.size() << 1));
      out.append(origin.tag);
    }
    AppendU64(intervals.size(), out);
    for (const Interval& interval : intervals) {
      AppendU64(interval.first, out);
      AppendU64(interval.last + 1, out);
    }
  }
  return out;
}

absl::StatusOr<GtidSet> GtidSet::Decode(absl::string_view bytes) {
  Reader reader(bytes);
  BINFERRY_ASSIGN_OR_RETURN(const uint64_t header, reader.TakeU64());
  const uint64_t format = header >> 56;
  const bool tagged = format == 1;
  if (format > 1 || (tagged && (header & 0xff) != 1))
    return absl::DataLossError("an encoded GTID set has an unknown format");
  const uint64_t count = tagged ? (header >> 8) & kMaxCount : header;
  GtidSet set;
  for (uint64_t i = 0; i < count; ++i) {
    BINFERRY_ASSIGN_OR_RETURN(const absl::string_view uuid,
                              reader.Take(kUuidBytes));
    GtidOrigin origin;
    std::memcpy(origin.uuid.data(), uuid.data(), uuid.size());
    if (tagged) {
      BINFERRY_ASSIGN_OR_RETURN(origin.tag, TakeTag(reader));
    }
    BINFERRY_ASSIGN_OR_RETURN(Intervals intervals, TakeIntervals(reader));
    if (intervals.empty()) continue;
    if (!set.intervals_.emplace(std::move(origin), std::move(intervals)).second)
      return absl::DataLossError("an encoded GTID set names a UUID twice");
  }
  if (!reader.empty())
    return absl::DataLossError("an encoded GTID set has bytes after its end");
  return set;
}

void GtidSet::Add(const Gtid& gtid) {
  AddInterval({gtid.number, gtid.number}, intervals_[gtid.origin]);
}

void GtidSet::Add(const GtidSet& other) {
  for (const auto& [origin, intervals] : other.intervals_) {
    Intervals& mine = intervals_[origin];
    mine = UnionOf(mine, intervals);
  }
}

bool GtidSet::Contains(const Gtid& gtid) const {
  const auto it = intervals_.find(gtid.origin);
  if (it == intervals_.end()) return false;
  const auto after = std::upper_bound(
      it->second.begin(), it->second.end(), gtid.number,
      [](uint64_t number, const Interval& i) { return number < i.first; });
  return after != it->second.begin() && gtid.number <= std::prev(after)->last;
}

bool GtidSet::Contains(const GtidSet& other) const {
  return other.Minus(*this).empty();
}

GtidSet GtidSet::Minus(const GtidSet& other) const {
  GtidSet left;
  for (const auto& [origin, intervals] : intervals_) {
    const auto it = other.intervals_.find(origin);
    Intervals rest = it == other.intervals_.end()
                         ? intervals
                         : Difference(intervals, it->second);
    if (!rest.empty())
      left.intervals_.emplace_hint(left.intervals_.end(), origin,
                                   std::move(rest));
  }
  return left;
}

bool GtidSet::SharesUuid(const GtidSet& other) const {
  auto a = intervals_.begin();
  auto b = other.intervals_.begin();
  while (a != intervals_.end() && b != other.intervals_.end()) {
    if (a->first.uuid == b->first.uuid) return true;
    if (a->first.uuid < b->first.uuid) {
      ++a;
    } else {
      ++b;
    }
  }
  return false;
}

}  // namespace binferry::worker
