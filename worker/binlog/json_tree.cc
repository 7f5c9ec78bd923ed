#include "worker/binlog/json_tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
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

// The first index from `first` up to below `last` that isn't before what is
// looked for; `last` if all are.
template <typename IsIndexBefore>
absl::StatusOr<size_t> LowerBound(size_t first, size_t last,
                                  IsIndexBefore is_index_before) {
  while (first < last) {
    const size_t middle = first + (last - first) / 2;
    BINFERRY_ASSIGN_OR_RETURN(const bool is_before, is_index_before(middle));
    if (is_before) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

}  // namespace

// One value, which is as the document has it until something within changes.
class JsonTree::Node {
 public:
  explicit Node(const JsonValue& value) : value_(value) {}

  void Set(const JsonValue& value) {
    value_ = value;
    base_.reset();
    blocks_.clear();
    size_ = 0;
  }

  // These make the value a container of pieces first.
  absl::StatusOr<Node*> Child(const JsonPathLeg& leg);
  absl::Status Insert(const JsonPathLeg& leg, const JsonValue& value);
  absl::Status Remove(const JsonPathLeg& leg);

  absl::Status Write(JsonText* out) const;

 private:
  // The members or elements [begin, end) of `base_`, at least one, or one of
  // our own.
  struct Piece {
    uint32_t size() const { return node == nullptr ? end - begin : 1; }

    uint32_t begin = 0;
    uint32_t end = 0;
    std::string key;  // A member's; not of a run.
    std::unique_ptr<Node> node;
  };

  // Pieces in a row. The blocks keep what a change has to move and to pass far
  // below the number of the changes before.
  struct Block {
    std::vector<Piece> pieces;  // One at least, but in a lone block.
    uint64_t size = 0;          // Members or elements.
  };
  static constexpr size_t kMaxBlockPieces = 256;

  // Before the piece's `offset`th member or element.
  struct Place {
    size_t block = 0;
    size_t piece = 0;
    uint32_t offset = 0;
    bool exists = false;  // It is what was looked for.
  };

  absl::StatusOr<Place> Find(const JsonPathLeg& leg);
  absl::StatusOr<Place> FindMember(absl::string_view key) const;
  // Whether the last member of `piece` is before `key`.
  absl::StatusOr<bool> EndsBefore(const Piece& piece,
                                  absl::string_view key) const;
  Place FindElement(const JsonPathLeg& leg) const;
  // Lets a piece begin at `place` and returns its index in its block, which may
  // become too large.
  size_t Split(const Place& place);
  // Makes what is at `place` a piece of its own; else as Split().
  size_t Isolate(const Place& place);
  // Moves half of a block that has become too large into a new one.
  void HalveIfLarge(size_t block);
  absl::Status WritePiece(const Piece& piece, JsonText* out) const;
  absl::Status WriteRun(const Piece& run, JsonText* out) const;

  JsonValue value_;                     // Unless there is a `base_`.
  absl::optional<JsonContainer> base_;  // What `value_` held before.
  std::vector<Block> blocks_;           // One at least, with a `base_`.
  uint64_t size_ = 0;                   // Members or elements of all blocks.
};

absl::StatusOr<JsonTree::Node::Place> JsonTree::Node::Find(
    const JsonPathLeg& leg) {
  if (!base_.has_value()) {
    BINFERRY_ASSIGN_OR_RETURN(base_, JsonContainer::Open(value_));
    size_ = base_->size();
    Block& block = blocks_.emplace_back();
    block.size = size_;
    if (size_ > 0) block.pieces.push_back({0, base_->size(), "", nullptr});
  }
  const bool is_member = leg.kind == JsonPathLeg::Kind::kMember;
  if (is_member != base_->is_object()) return NoSuchPlace();
  if (is_member) return FindMember(leg.key);
  return FindElement(leg);
}

absl::StatusOr<JsonTree::Node::Place> JsonTree::Node::FindMember(
    absl::string_view key) const {
  BINFERRY_ASSIGN_OR_RETURN(const size_t block,
                            LowerBound(0, blocks_.size() - 1, [&](size_t i) {
                              return EndsBefore(blocks_[i].pieces.back(), key);
                            }));
  const std::vector<Piece>& pieces = blocks_[block].pieces;
  BINFERRY_ASSIGN_OR_RETURN(const size_t piece,
                            LowerBound(0, pieces.size(), [&](size_t i) {
                              return EndsBefore(pieces[i], key);
                            }));
  if (piece == pieces.size()) return Place{block, piece, 0, false};
  const Piece& found = pieces[piece];
  if (found.node != nullptr) return Place{block, piece, 0, found.key == key};
  BINFERRY_ASSIGN_OR_RETURN(
      const size_t member,
      LowerBound(
          found.begin, found.end - 1, [&](size_t i) -> absl::StatusOr<bool> {
            BINFERRY_ASSIGN_OR_RETURN(const absl::string_view before,
                                      base_->Key(static_cast<uint32_t>(i)));
            return IsBefore(before, key);
          }));
  const uint32_t offset = static_cast<uint32_t>(member) - found.begin;
  BINFERRY_ASSIGN_OR_RETURN(const absl::string_view found_key,
                            base_->Key(found.begin + offset));
  return Place{block, piece, offset, found_key == key};
}

absl::StatusOr<bool> JsonTree::Node::EndsBefore(const Piece& piece,
                                                absl::string_view key) const {
  if (piece.node != nullptr) return IsBefore(piece.key, key);
  BINFERRY_ASSIGN_OR_RETURN(const absl::string_view last,
                            base_->Key(piece.end - 1));
  return IsBefore(last, key);
}

JsonTree::Node::Place JsonTree::Node::FindElement(
    const JsonPathLeg& leg) const {
  // As MySQL's Json_array_index: too far from the end is the beginning.
  uint64_t left = std::min<uint64_t>(leg.index, size_);
  if (leg.kind == JsonPathLeg::Kind::kElementFromEnd) {
    left = leg.index < size_ ? size_ - leg.index - 1 : 0;
  }
  size_t block = 0;
  for (; block + 1 < blocks_.size() && left >= blocks_[block].size; ++block) {
    left -= blocks_[block].size;
  }
  const std::vector<Piece>& pieces = blocks_[block].pieces;
  size_t piece = 0;
  for (; piece < pieces.size() && left >= pieces[piece].size(); ++piece) {
    left -= pieces[piece].size();
  }
  return {block, piece, static_cast<uint32_t>(left), leg.index < size_};
}

size_t JsonTree::Node::Split(const Place& place) {
  if (place.offset == 0) return place.piece;
  std::vector<Piece>& pieces = blocks_[place.block].pieces;
  Piece& run = pieces[place.piece];
  Piece rest{run.begin + place.offset, run.end, "", nullptr};
  run.end = rest.begin;
  const size_t index = place.piece + 1;
  pieces.insert(pieces.begin() + static_cast<ptrdiff_t>(index),
                std::move(rest));
  return index;
}

size_t JsonTree::Node::Isolate(const Place& place) {
  const size_t index = Split(place);
  if (blocks_[place.block].pieces[index].size() > 1) {
    Split({place.block, index, 1, true});
  }
  return index;
}

void JsonTree::Node::HalveIfLarge(size_t block) {
  std::vector<Piece>& pieces = blocks_[block].pieces;
  if (pieces.size() <= kMaxBlockPieces) return;
  Block rest;
  const auto middle =
      pieces.begin() + static_cast<ptrdiff_t>(pieces.size() / 2);
  rest.pieces.assign(std::make_move_iterator(middle),
                     std::make_move_iterator(pieces.end()));
  pieces.erase(middle, pieces.end());
  for (const Piece& piece : rest.pieces) rest.size += piece.size();
  blocks_[block].size -= rest.size;
  blocks_.insert(blocks_.begin() + static_cast<ptrdiff_t>(block) + 1,
                 std::move(rest));
}

absl::StatusOr<JsonTree::Node*> JsonTree::Node::Child(const JsonPathLeg& leg) {
  BINFERRY_ASSIGN_OR_RETURN(const Place place, Find(leg));
  if (!place.exists) return NoSuchPlace();
  const size_t index = Isolate(place);
  Piece& piece = blocks_[place.block].pieces[index];
  if (piece.node == nullptr) {
    BINFERRY_ASSIGN_OR_RETURN(const JsonValue value, base_->Value(piece.begin));
    piece.node = std::make_unique<Node>(value);
    piece.key = leg.key;
  }
  Node* const child = piece.node.get();
  HalveIfLarge(place.block);
  return child;
}

absl::Status JsonTree::Node::Insert(const JsonPathLeg& leg,
                                    const JsonValue& value) {
  BINFERRY_ASSIGN_OR_RETURN(const Place place, Find(leg));
  if (place.exists && leg.kind == JsonPathLeg::Kind::kMember) {
    return DamagedJson("a diff inserts a member that its document has");
  }
  const size_t index = Split(place);
  Block& block = blocks_[place.block];
  block.pieces.insert(block.pieces.begin() + static_cast<ptrdiff_t>(index),
                      Piece{0, 0, leg.key, std::make_unique<Node>(value)});
  ++block.size;
  ++size_;
  HalveIfLarge(place.block);
  return absl::OkStatus();
}

absl::Status JsonTree::Node::Remove(const JsonPathLeg& leg) {
  BINFERRY_ASSIGN_OR_RETURN(const Place place, Find(leg));
  if (!place.exists) return NoSuchPlace();
  const size_t index = Isolate(place);
  Block& block = blocks_[place.block];
  block.pieces.erase(block.pieces.begin() + static_cast<ptrdiff_t>(index));
  --block.size;
  --size_;
  if (block.pieces.empty() && blocks_.size() > 1) {
    blocks_.erase(blocks_.begin() + static_cast<ptrdiff_t>(place.block));
  } else {
    HalveIfLarge(place.block);
  }
  return absl::OkStatus();
}

absl::Status JsonTree::Node::Write(JsonText* out) const {
  if (!base_.has_value()) return out->Value(value_);
  BINFERRY_RETURN_IF_ERROR(out->Open(base_->is_object() ? '{' : '['));
  for (const Block& block : blocks_) {
    for (const Piece& piece : block.pieces) {
      BINFERRY_RETURN_IF_ERROR(WritePiece(piece, out));
    }
  }
  out->Close(base_->is_object() ? '}' : ']');
  return absl::OkStatus();
}

absl::Status JsonTree::Node::WritePiece(const Piece& piece,
                                        JsonText* out) const {
  if (piece.node == nullptr) return WriteRun(piece, out);
  out->Separate();
  if (base_->is_object()) BINFERRY_RETURN_IF_ERROR(out->Key(piece.key));
  return piece.node->Write(out);
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
