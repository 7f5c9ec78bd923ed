#include "worker/encode/json_writer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <variant>

#include "worker/charset/character_decoder.h"

namespace binferry::worker {
namespace {

static_assert(std::endian::native == std::endian::little,
              "FirstSpecial reads lanes of bytes as numbers");

constexpr size_t kLaneBytes = 16;
using Lanes [[gnu::vector_size(kLaneBytes)]] = int8_t;
using Words [[gnu::vector_size(kLaneBytes)]] = uint64_t;

uint64_t Load(const char* from, size_t bytes) {
  uint64_t word = 0;
  std::memcpy(&word, from, bytes);
  return word;
}

// The `count` bytes at `from` without reading beyond them; others are zero.
// This, FirstSpecial and AppendEscaped are the loop of most texts, and their
// callers, a Text for each form, more than the compiler inlines by itself.
[[gnu::always_inline]] inline Words LoadLanes(const char* from, size_t count) {
  if (count >= kLaneBytes) return Words{Load(from, 8), Load(from + 8, 8)};
  if (count > 8) {
    return Words{Load(from, 8), Load(from + count - 8, 8) >> (128 - 8 * count)};
  }
  if (count == 8) return Words{Load(from, 8), 0};
  if (count >= 4) {
    return Words{Load(from, 4) | Load(from + count - 4, 4) << (8 * count - 32),
                 0};
  }
  uint64_t word = Load(from, 1);
  if (count > 1) word |= Load(from + 1, 1) << 8;
  if (count > 2) word |= Load(from + 2, 1) << 16;
  return Words{word, 0};
}

// The index of the first byte that can't be copied as it is: a control
// character, one that has an escape, or one above ASCII; 16 without any.
[[gnu::always_inline]] inline size_t FirstSpecial(Words words) {
  const Lanes c = reinterpret_cast<Lanes>(words);
  const Lanes special = (c < 0x20) |  // Above ASCII: negative.
                        (c == '"') | (c == '\\') | (c == '=') |
                        ((c & ~0x01) == '&') |  // & and '
                        ((c | 0x02) == '>');    // < and >
  const Words found = reinterpret_cast<Words>(special);
  if (found[0] != 0) return static_cast<size_t>(std::countr_zero(found[0])) / 8;
  if (found[1] != 0) {
    return 8 + static_cast<size_t>(std::countr_zero(found[1])) / 8;
  }
  return kLaneBytes;
}

char* Append(absl::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

// Whether FirstSpecial passes over `c`.
bool IsPlainAscii(char c) {
  return c >= 0x20 && c != '"' && c != '\\' && c != '=' && (c & ~0x01) != '&' &&
         (c | 0x02) != '>';
}

// An ASCII character that FirstSpecial finds.
[[gnu::always_inline]] inline char* AppendEscaped(char c, char* out) {
  switch (c) {
    case '"':
      return Append("\\\"", out);
    case '\\':
      return Append("\\\\", out);
    case '\b':
      return Append("\\b", out);
    case '\f':
      return Append("\\f", out);
    case '\n':
      return Append("\\n", out);
    case '\r':
      return Append("\\r", out);
    case '\t':
      return Append("\\t", out);
    default: {
      constexpr char kHex[] = "0123456789abcdef";
      out = Append("\\u00", out);
      *out++ = kHex[static_cast<uint8_t>(c) >> 4];
      *out++ = kHex[c & 0xf];
      return out;
    }
  }
}

// Appends a character as UTF-8 or, where it has one, its escape.
char* AppendPoint(uint32_t point, char* out) {
  const auto byte = [](uint32_t bits) { return static_cast<char>(bits); };
  if (point < 0x80) {
    const char c = byte(point);
    if (IsPlainAscii(c)) {
      *out++ = c;
      return out;
    }
    return AppendEscaped(c, out);
  }
  if (point < 0x800) {
    *out++ = byte(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      if (point == 0x2028) return Append("\\u2028", out);
      if (point == 0x2029) return Append("\\u2029", out);
      *out++ = byte(0xe0 | point >> 12);
    } else {
      *out++ = byte(0xf0 | point >> 18);
      *out++ = byte(0x80 | (point >> 12 & 0x3f));
    }
    *out++ = byte(0x80 | (point >> 6 & 0x3f));
  }
  *out++ = byte(0x80 | (point & 0x3f));
  return out;
}

// Appends the character at the start of `bytes` and returns its length; 0 if
// there is none.
template <typename Decoder>
size_t AppendCharacter(const Decoder& decoder, absl::string_view bytes,
                       char** out) {
  const Character character = decoder.Decode(bytes);
  if (character.code_point == kNoCharacter) return 0;
  *out = AppendPoint(character.code_point, *out);
  return character.length;
}

// UTF-8 is copied. Not for ASCII.
template <size_t kMaxLength>
size_t AppendCharacter(const Utf8Decoder<kMaxLength>& decoder,
                       absl::string_view bytes, char** out) {
  const size_t length = decoder.MultibyteLength(bytes);
  const absl::string_view character = bytes.substr(0, length);
  if (character == "\u2028") {
    *out = Append("\\u2028", *out);
  } else if (character == "\u2029") {
    *out = Append("\\u2029", *out);
  } else {
    *out = Append(character, *out);
  }
  return length;
}

struct ByteText {
  char text[7] = {};  // The number and ", ".
  uint8_t size = 0;
};

constexpr std::array<ByteText, 256> MakeByteTexts() {
  std::array<ByteText, 256> texts;
  for (int byte = 0; byte < 256; ++byte) {
    ByteText& text = texts[static_cast<size_t>(byte)];
    const int value = byte < 128 ? byte : byte - 256;
    const int magnitude = value < 0 ? -value : value;
    const auto add = [&text](int c) {
      text.text[text.size++] = static_cast<char>(c);
    };
    if (value < 0) add('-');
    if (magnitude >= 100) add('0' + magnitude / 100);
    if (magnitude >= 10) add('0' + magnitude / 10 % 10);
    add('0' + magnitude % 10);
    add(',');
    add(' ');
  }
  return texts;
}

constexpr std::array<ByteText, 256> kByteTexts = MakeByteTexts();

}  // namespace

bool JsonWriter::String(Charset charset, absl::string_view bytes,
                        InvalidText invalid_text) {
  // Most texts, which needn't ask.
  if (charset == Charset::kUtf8mb4) {
    return Text(Utf8Decoder<4>(), bytes, invalid_text);
  }
  return std::visit(
      [&](const auto& decoder) { return Text(decoder, bytes, invalid_text); },
      DecoderOf(charset));
}

template <typename Decoder>
bool JsonWriter::Text(const Decoder& decoder, absl::string_view bytes,
                      InvalidText invalid_text) {
  bool is_replaced = false;
  // Room for the text as it is; what it grows by is asked for on the way.
  char* out = Reserve(bytes.size() + kLaneBytes);
  *out++ = '"';
  while (!bytes.empty()) {
    if (out > limit_ - kLaneBytes) {
      next_ = out;
      Grow(bytes.size() + 2 * kLaneBytes);
      out = next_;
    }
    if constexpr (Decoder::kIsAsciiCompatible) {
      const size_t count = std::min(bytes.size(), kLaneBytes);
      const Words words = LoadLanes(bytes.data(), count);
      std::memcpy(out, &words, kLaneBytes);
      const size_t plain = std::min(FirstSpecial(words), count);
      out += plain;
      bytes.remove_prefix(plain);
      if (plain == count) continue;
      const char c = bytes.front();
      if (static_cast<uint8_t>(c) < 0x80) {
        out = AppendEscaped(c, out);
        bytes.remove_prefix(1);
        continue;
      }
    }
    // Characters above ASCII often come in rows.
    do {
      size_t length = AppendCharacter(decoder, bytes, &out);
      if (length == 0) {
        if (invalid_text == InvalidText::kStop) return false;
        length = decoder.Decode(bytes).length;
        out = Append("\ufffd", out);
        is_replaced = true;
      }
      bytes.remove_prefix(length);
    } while (!bytes.empty() && out <= limit_ &&
             (!Decoder::kIsAsciiCompatible || bytes.front() < 0));
  }
  *out++ = '"';
  next_ = out;
  if (is_replaced) ++replaced_texts_;
  return true;
}

void JsonWriter::ByteList(absl::string_view bytes) {
  constexpr size_t kPart = 4096;
  Raw("\"[");
  if (bytes.empty()) return Raw("]\"");
  while (!bytes.empty()) {
    const absl::string_view part = bytes.substr(0, kPart);
    char* out = Reserve(part.size() * 6);
    for (const char c : part) {
      const ByteText& byte = kByteTexts[static_cast<uint8_t>(c)];
      std::memcpy(out, &byte, sizeof(byte));
      out += byte.size;
    }
    next_ = out;
    bytes.remove_prefix(part.size());
  }
  next_ -= 2;  // The last ", ".
  Raw("]\"");
}

}  // namespace binferry::worker
