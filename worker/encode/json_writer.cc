#include "worker/encode/json_writer.h"

#include <algorithm>
#include <array>
#include <bit>

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
Words LoadLanes(const char* from, size_t count) {
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
size_t FirstSpecial(Words words) {
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

// An ASCII character that FirstSpecial finds.
char* AppendEscaped(char c, char* out) {
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

// cp1252 where it differs from ISO 8859-1, 0x80 to 0x9F, with MySQL's
// characters in its five holes.
constexpr uint16_t kLatin1Upper[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
    0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

char* AppendLatin1(uint8_t c, char* out) {
  const uint32_t point = c < 0xa0 ? kLatin1Upper[c - 0x80] : c;
  if (point < 0x800) {
    *out++ = static_cast<char>(0xc0 | point >> 6);
  } else {
    *out++ = static_cast<char>(0xe0 | point >> 12);
    *out++ = static_cast<char>(0x80 | (point >> 6 & 0x3f));
  }
  *out++ = static_cast<char>(0x80 | (point & 0x3f));
  return out;
}

// The length of the character above ASCII at the start of `bytes`, 2 to 4, or 0
// if that is no well-formed UTF-8 of at most `max_length` bytes (Unicode,
// table 3-7).
size_t Utf8Length(absl::string_view bytes, size_t max_length) {
  const auto at = [bytes](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t lead = at(0);
  const size_t length = lead < 0xc2   ? 0
                        : lead < 0xe0 ? 2
                        : lead < 0xf0 ? 3
                        : lead < 0xf5 ? 4
                                      : 0;
  if (length == 0 || length > max_length || length > bytes.size()) return 0;
  const uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const uint8_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (at(1) < least || at(1) > most) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

// The longest character of `charset` in bytes, if its encoding is UTF-8 or a
// part of it; 0 if not.
size_t MaxUtf8Bytes(Charset charset) {
  switch (charset) {
    case Charset::kAscii:
      return 1;
    case Charset::kUtf8mb3:
      return 3;
    case Charset::kUtf8mb4:
      return 4;
    case Charset::kBinary:
    case Charset::kLatin1:
      return 0;
  }
  return 0;
}

// Appends the character at the start of `bytes`, one that FirstSpecial finds,
// and returns its length; 0 if it is invalid.
size_t AppendSpecial(Charset charset, size_t max_utf8_bytes,
                     absl::string_view bytes, char** out) {
  const char c = bytes[0];
  if (static_cast<uint8_t>(c) < 0x80) {
    *out = AppendEscaped(c, *out);
    return 1;
  }
  if (charset == Charset::kLatin1) {
    *out = AppendLatin1(static_cast<uint8_t>(c), *out);
    return 1;
  }
  const size_t length = Utf8Length(bytes, max_utf8_bytes);
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

bool JsonWriter::String(Charset charset, absl::string_view bytes) {
  if (charset == Charset::kBinary) return false;
  const size_t max_utf8_bytes = MaxUtf8Bytes(charset);
  // Room for the text as it is; what escapes add is asked for on the way.
  char* out = Reserve(bytes.size() + kLaneBytes);
  *out++ = '"';
  while (!bytes.empty()) {
    if (out > limit_ - kLaneBytes) {
      next_ = out;
      Grow(bytes.size() + 2 * kLaneBytes);
      out = next_;
    }
    const size_t count = std::min(bytes.size(), kLaneBytes);
    const Words words = LoadLanes(bytes.data(), count);
    std::memcpy(out, &words, kLaneBytes);
    const size_t plain = std::min(FirstSpecial(words), count);
    out += plain;
    bytes.remove_prefix(plain);
    if (plain == count) continue;
    // Characters above ASCII often come in rows.
    do {
      const size_t length = AppendSpecial(charset, max_utf8_bytes, bytes, &out);
      if (length == 0) return false;
      bytes.remove_prefix(length);
    } while (!bytes.empty() && bytes.front() < 0 && out <= limit_);
  }
  *out++ = '"';
  next_ = out;
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
