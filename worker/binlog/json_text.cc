#include "worker/binlog/json_text.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/json_double.h"
#include "worker/binlog/json_opaque.h"

namespace binferry::worker {
namespace {

// What follows the backslash for a byte; 0 where none is needed, 'u' for the
// long form.
constexpr std::array<char, 256> MakeEscapes() {
  std::array<char, 256> escapes{};
  for (size_t c = 0; c < 0x20; ++c) escapes[c] = 'u';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}
constexpr std::array<char, 256> kEscapes = MakeEscapes();

absl::Status AppendLiteral(absl::Span<const uint8_t> bytes, std::string* text) {
  constexpr std::array<absl::string_view, 3> kLiterals = {"null", "true",
                                                          "false"};
  // An inlined one has a byte too many.
  if (bytes.empty()) return DamagedJson("a literal is cut off");
  if (bytes[0] >= kLiterals.size()) return DamagedJson("an unknown literal");
  const absl::string_view name = kLiterals[bytes[0]];
  text->append(name.data(), name.size());
  return absl::OkStatus();
}

template <typename T>
absl::Status AppendInteger(absl::Span<const uint8_t> bytes, std::string* text) {
  if (bytes.size() < sizeof(T)) return DamagedJson("a number is cut off");
  constexpr size_t kMaxDigits = 20;
  std::array<char, kMaxDigits> digits;
  char* const begin = digits.data();
  const auto end =
      std::to_chars(begin, begin + kMaxDigits,
                    static_cast<T>(ReadLittleEndian(bytes.data(), sizeof(T))));
  text->append(begin, static_cast<size_t>(end.ptr - begin));
  return absl::OkStatus();
}

absl::Status AppendDouble(absl::Span<const uint8_t> bytes, std::string* text) {
  if (bytes.size() < sizeof(double)) return DamagedJson("a DOUBLE is cut off");
  const double number =
      std::bit_cast<double>(ReadLittleEndian(bytes.data(), sizeof(double)));
  if (!std::isfinite(number)) return DamagedJson("a DOUBLE that is no number");
  std::array<char, kMaxJsonDoubleBytes> digits;
  text->append(digits.data(), WriteJsonDouble(number, digits.data()));
  return absl::OkStatus();
}

}  // namespace

absl::Status JsonText::Open(char bracket) {
  if (++depth_ > kMaxJsonDepth) {
    return DamagedJson("deeper than MySQL lets a document be");
  }
  text_->push_back(bracket);
  is_first_ = true;
  return absl::OkStatus();
}

void JsonText::Separate() {
  if (!is_first_) text_->append(", ");
  is_first_ = false;
}

void JsonText::Close(char bracket) {
  --depth_;
  text_->push_back(bracket);
  is_first_ = false;
}

absl::Status JsonText::Key(absl::string_view key) {
  String(key);
  text_->append(": ");
  if (text_->size() > limit_) return DamagedJson("the same bytes used twice");
  return absl::OkStatus();
}

absl::Status JsonText::Value(const JsonValue& value) {
  BINFERRY_RETURN_IF_ERROR(IsJsonContainer(value.type) ? Container(value)
                                                       : Scalar(value));
  if (text_->size() > limit_) return DamagedJson("the same bytes used twice");
  return absl::OkStatus();
}

absl::Status JsonText::Container(const JsonValue& value) {
  // This and the elements are read in place: copies would wait for the stores
  // that made them, a third of the time in all.
  const absl::StatusOr<JsonContainer> container = JsonContainer::Open(value);
  if (!container.ok()) return container.status();
  const bool is_object = container->is_object();
  const uint32_t size = container->size();
  BINFERRY_RETURN_IF_ERROR(Open(is_object ? '{' : '['));
  for (uint32_t i = 0; i < size; ++i) {
    Separate();
    if (is_object) {
      const absl::StatusOr<absl::string_view> key = container->Key(i);
      if (!key.ok()) return key.status();
      BINFERRY_RETURN_IF_ERROR(Key(*key));
    }
    const absl::StatusOr<JsonValue> element = container->Value(i);
    if (!element.ok()) return element.status();
    BINFERRY_RETURN_IF_ERROR(Value(*element));
  }
  Close(is_object ? '}' : ']');
  return absl::OkStatus();
}

absl::Status JsonText::Scalar(const JsonValue& value) {
  switch (value.type) {
    case JsonType::kLiteral:
      return AppendLiteral(value.bytes, text_);
    case JsonType::kInt16:
      return AppendInteger<int16_t>(value.bytes, text_);
    case JsonType::kUint16:
      return AppendInteger<uint16_t>(value.bytes, text_);
    case JsonType::kInt32:
      return AppendInteger<int32_t>(value.bytes, text_);
    case JsonType::kUint32:
      return AppendInteger<uint32_t>(value.bytes, text_);
    case JsonType::kInt64:
      return AppendInteger<int64_t>(value.bytes, text_);
    case JsonType::kUint64:
      return AppendInteger<uint64_t>(value.bytes, text_);
    case JsonType::kDouble:
      return AppendDouble(value.bytes, text_);
    case JsonType::kString: {
      BINFERRY_ASSIGN_OR_RETURN(const absl::string_view content,
                                ReadJsonString(value));
      String(content);
      return absl::OkStatus();
    }
    case JsonType::kOpaque: {
      BINFERRY_ASSIGN_OR_RETURN(const JsonOpaque opaque, ReadJsonOpaque(value));
      return AppendJsonOpaque(opaque, text_);
    }
    case JsonType::kSmallObject:
    case JsonType::kLargeObject:
    case JsonType::kSmallArray:
    case JsonType::kLargeArray:
      return absl::InternalError("a JSON container taken for a scalar");
  }
  return DamagedJson("a value of unknown type");
}

void JsonText::String(absl::string_view content) {
  text_->push_back('"');
  size_t copied = 0;
  for (size_t i = 0; i < content.size(); ++i) {
    const uint8_t c = static_cast<uint8_t>(content[i]);
    const char escape = kEscapes[c];
    if (escape == 0) continue;
    text_->append(content.data() + copied, i - copied);
    copied = i + 1;
    text_->push_back('\\');
    text_->push_back(escape);
    if (escape != 'u') continue;
    constexpr char kHexDigits[] = "0123456789abcdef";
    text_->append("00");
    text_->push_back(kHexDigits[c >> 4]);
    text_->push_back(kHexDigits[c & 0xf]);
  }
  text_->append(content.data() + copied, content.size() - copied);
  text_->push_back('"');
}

}  // namespace binferry::worker
