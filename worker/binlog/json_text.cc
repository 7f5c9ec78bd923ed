#include "worker/binlog/json_text.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
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

absl::Status AppendLiteral(uint64_t literal, std::string* text) {
  constexpr std::array<absl::string_view, 3> kLiterals = {"null", "true",
                                                          "false"};
  if (literal >= kLiterals.size()) return DamagedJson("an unknown literal");
  const absl::string_view name = kLiterals[static_cast<size_t>(literal)];
  text->append(name.data(), name.size());
  return absl::OkStatus();
}

absl::Status AppendDouble(uint64_t bits, std::string* text) {
  const double number = std::bit_cast<double>(bits);
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
  BINFERRY_ASSIGN_OR_RETURN(const JsonContainer container,
                            JsonContainer::Open(value));
  BINFERRY_RETURN_IF_ERROR(Open(container.is_object() ? '{' : '['));
  for (uint32_t i = 0; i < container.size(); ++i) {
    Separate();
    if (container.is_object()) {
      BINFERRY_ASSIGN_OR_RETURN(const absl::string_view key, container.Key(i));
      BINFERRY_RETURN_IF_ERROR(Key(key));
    }
    BINFERRY_ASSIGN_OR_RETURN(const JsonValue element, container.Value(i));
    BINFERRY_RETURN_IF_ERROR(Value(element));
  }
  Close(container.is_object() ? '}' : ']');
  return absl::OkStatus();
}

absl::Status JsonText::Scalar(const JsonValue& value) {
  ByteReader bytes(value.bytes);
  const auto append = [&bytes, this](auto number) {
    if (bytes.ok()) absl::StrAppend(text_, number);
    return bytes.ok() ? absl::OkStatus() : DamagedJson("a number is cut off");
  };
  switch (value.type) {
    case JsonType::kLiteral:
      // An inlined one has a byte too many.
      if (bytes.AtEnd()) return DamagedJson("a literal is cut off");
      return AppendLiteral(bytes.U8(), text_);
    case JsonType::kInt16:
      return append(static_cast<int16_t>(bytes.U16()));
    case JsonType::kUint16:
      return append(bytes.U16());
    case JsonType::kInt32:
      return append(static_cast<int32_t>(bytes.U32()));
    case JsonType::kUint32:
      return append(bytes.U32());
    case JsonType::kInt64:
      return append(static_cast<int64_t>(bytes.U64()));
    case JsonType::kUint64:
      return append(bytes.U64());
    case JsonType::kDouble: {
      const uint64_t bits = bytes.U64();
      if (!bytes.ok()) return DamagedJson("a DOUBLE is cut off");
      return AppendDouble(bits, text_);
    }
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
