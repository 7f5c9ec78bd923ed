#include "worker/decode/json_object.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "worker/charset/character_decoder.h"

namespace binferry::worker {
namespace {

constexpr char kHexDigits[] = "0123456789ABCDEF";

void AppendEscape(uint32_t code_unit, std::string* out) {
  *out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    *out += kHexDigits[code_unit >> shift & 15];
  }
}

void AppendAscii(char c, std::string* out) {
  switch (c) {
    case '"':
      *out += "\\\"";
      return;
    case '\\':
      *out += "\\\\";
      return;
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    default:
      break;
  }
  // DEL is no control character in JSON, but is one to a terminal.
  if (static_cast<uint8_t>(c) >= 0x20 && c != 0x7f) {
    *out += c;
    return;
  }
  AppendEscape(static_cast<uint8_t>(c), out);
}

void AppendCharacter(uint32_t code_point, std::string* out) {
  if (code_point < 0x80) return AppendAscii(static_cast<char>(code_point), out);
  // C1 controls, and what some readers take for the end of a line.
  if (code_point < 0xa0 || code_point == 0x2028 || code_point == 0x2029) {
    return AppendEscape(code_point, out);
  }
  const auto continuation = [&](int shift) {
    *out += static_cast<char>(0x80 | (code_point >> shift & 0x3f));
  };
  if (code_point < 0x800) {
    *out += static_cast<char>(0xc0 | code_point >> 6);
  } else if (code_point < 0x10000) {
    *out += static_cast<char>(0xe0 | code_point >> 12);
    continuation(6);
  } else {
    *out += static_cast<char>(0xf0 | code_point >> 18);
    continuation(12);
    continuation(6);
  }
  continuation(0);
}

void AppendByte(uint8_t byte, std::string* out) {
  *out += "\\\\x";
  *out += kHexDigits[byte >> 4];
  *out += kHexDigits[byte & 15];
}

template <typename Decoder>
bool AppendCharacters(const Decoder& decoder, absl::string_view bytes,
                      std::string* out) {
  bool is_exact = true;
  *out += '"';
  while (!bytes.empty()) {
    const Character character = decoder.Decode(bytes);
    if (character.code_point != kNoCharacter) {
      AppendCharacter(character.code_point, out);
    } else {
      is_exact = false;
      for (const char byte : bytes.substr(0, character.length)) {
        AppendByte(static_cast<uint8_t>(byte), out);
      }
    }
    bytes.remove_prefix(character.length);
  }
  *out += '"';
  return is_exact;
}

}  // namespace

void JsonObject::Key(absl::string_view key) {
  if (has_members_) *out_ += ',';
  has_members_ = true;
  absl::StrAppend(out_, "\"", key, "\":");
}

void JsonObject::Text(absl::string_view key, absl::string_view text) {
  Key(key);
  AppendQuoted(text, out_);
}

void JsonObject::Number(absl::string_view key, uint64_t number) {
  Key(key);
  absl::StrAppend(out_, number);
}

void JsonObject::Flag(absl::string_view key, bool value) {
  Raw(key, value ? "true" : "false");
}

void JsonObject::Null(absl::string_view key) { Raw(key, "null"); }

void JsonObject::Raw(absl::string_view key, absl::string_view json) {
  Key(key);
  absl::StrAppend(out_, json);
}

bool AppendQuoted(absl::string_view text, std::string* out) {
  return AppendQuoted(Charset::kUtf8mb4, text, out);
}

bool AppendQuoted(Charset charset, absl::string_view bytes, std::string* out) {
  // What names no character set is most often UTF-8.
  if (charset == Charset::kBinary) charset = Charset::kUtf8mb4;
  return std::visit(
      [bytes, out](const auto& decoder) {
        return AppendCharacters(decoder, bytes, out);
      },
      DecoderOf(charset));
}

}  // namespace binferry::worker
