#include "worker/binlog/json_tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

absl::Status NoSuchPlace() {
  return DamagedJson("a diff names a place that its document does not have");
}

// The order of an object's members.
bool IsBefore(absl::string_view a, absl::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

// One value, which is as the document has it until something within changes.
class JsonTree::Node {
 public:
  explicit Node(const JsonValue& value) : value_(value) {}

  void Set(const JsonValue& value) {
    value_ = value;
    base_.reset();
    pieces_.clear();
  }

  // These make the value a container of pieces first.
  absl::StatusOr<Node*> Child(const JsonPathLeg& leg);
  absl::Status Insert(const JsonPathLeg& leg, const JsonValue& value);
  absl::Status Remove(const JsonPathLeg& leg);

  absl::Status Write(JsonText* out) const;

 private:
  // The members or elements [begin, end) of `base_`, or one of our own.
  struct Piece {
    uint32_t size() const { return node == nullptr ? end - begin : 1; }

    uint32_t begin = 0;
    uint32_t end = 0;
    std::string key;  // A member's; not of a run.
    std::unique_ptr<Node> node;
  };

  // Before the piece's `offset`th member or element.
  struct Place {
    size_t piece = 0;
    uint32_t offset = 0;
    bool exists = false;  // It is what was looked for.
  };

  absl::StatusOr<Place> Find(const JsonPathLeg& leg);
  absl::StatusOr<Place> FindMember(absl::string_view key) const;
  // The first member of `run`, as an index of `base_`, that isn't before `key`.
  absl::StatusOr<uint32_t> LowerBound(const Piece& run,
                                      absl::string_view key) const;
  Place FindElement(const JsonPathLeg& leg) const;
  // Lets a piece begin at `place` and returns its index.
  size_t Split(const Place& place);
  // Makes what is at `place` a piece of its own and returns its index.
  size_t Isolate(const Place& place);
  absl::Status WriteRun(const Piece& run, JsonText* out) const;

  JsonValue value_;                     // Unless there are pieces.
  absl::optional<JsonContainer> base_;  // What `value_` held before.
  std::vector<Piece> pieces_;
};

absl::StatusOr<JsonTree::Node::Place> JsonTree::Node::Find(
    const JsonPathLeg& leg) {
  if (!base_.has_value()) {
    BINFERRY_ASSIGN_OR_RETURN(base_, JsonContainer::Open(value_));
    pieces_.push_back({0, base_->size(), "", nullptr});
  }
  const bool is_member = leg.kind == JsonPathLeg::Kind::kMember;
  if (is_member != base_->is_object()) return NoSuchPlace();
  if (is_member) return FindMember(leg.key);
  return FindElement(leg);
}

absl::StatusOr<JsonTree::Node::Place> JsonTree::Node::FindMember(
    absl::string_view key) const {
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    if (piece.node != nullptr) {
      if (!IsBefore(piece.key, key)) return Place{i, 0, piece.key == key};
      continue;
    }
    BINFERRY_ASSIGN_OR_RETURN(const uint32_t member, LowerBound(piece, key));
    if (member == piece.end) continue;
    BINFERRY_ASSIGN_OR_RETURN(const absl::string_view found,
                              base_->Key(member));
    return Place{i, member - piece.begin, found == key};
  }
  return Place{pieces_.size(), 0, false};
}

absl::StatusOr<uint32_t> JsonTree::Node::LowerBound(
    const Piece& run, absl::string_view key) const {
  uint32_t first = run.begin;
  uint32_t last = run.end;
  while (first < last) {
    const uint32_t middle = first + (last - first) / 2;
    BINFERRY_ASSIGN_OR_RETURN(const absl::string_view found,
                              base_->Key(middle));
    if (IsBefore(found, key)) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

JsonTree::Node::Place JsonTree::Node::FindElement(
    const JsonPathLeg& leg) const {
  uint64_t size = 0;
  for (const Piece& piece : pieces_) size += piece.size();
  // As MySQL's Json_array_index: too far from the end is the beginning.
  uint64_t left = std::min<uint64_t>(leg.index, size);
  if (leg.kind == JsonPathLeg::Kind::kElementFromEnd) {
    left = leg.index < size ? size - leg.index - 1 : 0;
  }
  size_t i = 0;
  for (; i < pieces_.size() && left >= pieces_[i].size(); ++i) {
    left -= pieces_[i].size();
  }
  return {i, static_cast<uint32_t>(left), leg.index < size};
}

size_t JsonTree::Node::Split(const Place& place) {
  if (place.offset == 0) return place.piece;
  Piece& run = pieces_[place.piece];
  Piece rest{run.begin + place.offset, run.end, "", nullptr};
  run.end = rest.begin;
  const size_t index = place.piece + 1;
  pieces_.insert(pieces_.begin() + static_cast<ptrdiff_t>(index),
                 std::move(rest));
  return index;
}

size_t JsonTree::Node::Isolate(const Place& place) {
  const size_t index = Split(place);
  if (pieces_[index].size() > 1) Split({index, 1, true});
  return index;
}

absl::StatusOr<JsonTree::Node*> JsonTree::Node::Child(const JsonPathLeg& leg) {
  BINFERRY_ASSIGN_OR_RETURN(const Place place, Find(leg));
  if (!place.exists) return NoSuchPlace();
  Piece& piece = pieces_[Isolate(place)];
  if (piece.node == nullptr) {
    BINFERRY_ASSIGN_OR_RETURN(const JsonValue value, base_->Value(piece.begin));
    piece.node = std::make_unique<Node>(value);
    piece.key = leg.key;
  }
  return piece.node.get();
}

absl::Status JsonTree::Node::Insert(const JsonPathLeg& leg,
                                    const JsonValue& value) {
  BINFERRY_ASSIGN_OR_RETURN(const Place place, Find(leg));
  if (place.exists && leg.kind == JsonPathLeg::Kind::kMember) {
    return DamagedJson("a diff inserts a member that its document has");
  }
  const size_t index = Split(place);
  pieces_.insert(pieces_.begin() + static_cast<ptrdiff_t>(index),
                 Piece{0, 0, leg.key, std::make_unique<Node>(value)});
  return absl::OkStatus();
}

absl::Status JsonTree::Node::Remove(const JsonPathLeg& leg) {
  BINFERRY_ASSIGN_OR_RETURN(const Place place, Find(leg));
  if (!place.exists) return NoSuchPlace();
  const size_t index = Isolate(place);
  pieces_.erase(pieces_.begin() + static_cast<ptrdiff_t>(index));
  return absl::OkStatus();
}

absl::Status JsonTree::Node::Write(JsonText* out) const {
  if (!base_.has_value()) return out->Value(value_);
  BINFERRY_RETURN_IF_ERROR(out->Open(base_->is_object() ? '{' : '['));
  for (const Piece& piece : pieces_) {
    if (piece.node == nullptr) {
      BINFERRY_RETURN_IF_ERROR(WriteRun(piece, out));
      continue;
    }
    out->Separate();
    if (base_->is_object()) BINFERRY_RETURN_IF_ERROR(out->Key(piece.key));
    BINFERRY_RETURN_IF_ERROR(piece.node->Write(out));
  }
  out->Close(base_->is_object() ? '}' : ']');
  return absl::OkStatus();
}

absl::Status JsonTree::Node::WriteRun(const Piece& run, JsonText* out) const {
  for (uint32_t i = run.begin; i < run.end; ++i) {
    out->Separate();
    if (base_->is_object()) {
      BINFERRY_ASSIGN_OR_RETURN(const absl::string_view key, base_->Key(i));
      BINFERRY_RETURN_IF_ERROR(out->Key(key));
    }
    BINFERRY_ASSIGN_OR_RETURN(const JsonValue value, base_->Value(i));
    BINFERRY_RETURN_IF_ERROR(out->Value(value));
  }
  return absl::OkStatus();
}

JsonTree::JsonTree(const JsonValue& document)
    : root_(std::make_unique<Node>(document)) {}

JsonTree::~JsonTree() = default;

absl::StatusOr<JsonTree::Node*> JsonTree::Descend(
    absl::Span<const JsonPathLeg> path) {
  Node* node = root_.get();
  for (const JsonPathLeg& leg : path) {
    BINFERRY_ASSIGN_OR_RETURN(node, node->Child(leg));
  }
  return node;
}

absl::Status JsonTree::Replace(absl::Span<const JsonPathLeg> path,
                               const JsonValue& value) {
  BINFERRY_ASSIGN_OR_RETURN(Node* const node, Descend(path));
  node->Set(value);
  return absl::OkStatus();
}

absl::Status JsonTree::Insert(absl::Span<const JsonPathLeg> path,
                              const JsonValue& value) {
  if (path.empty()) return NoSuchPlace();
  BINFERRY_ASSIGN_OR_RETURN(Node* const parent,
                            Descend(path.first(path.size() - 1)));
  return parent->Insert(path.back(), value);
}

absl::Status JsonTree::Remove(absl::Span<const JsonPathLeg> path) {
  if (path.empty()) return NoSuchPlace();
  BINFERRY_ASSIGN_OR_RETURN(Node* const parent,
                            Descend(path.first(path.size() - 1)));
  return parent->Remove(path.back());
}

absl::Status JsonTree::Write(JsonText* out) const { return root_->Write(out); }

}  // namespace binferry::worker
