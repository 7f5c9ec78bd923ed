// From the bytes of a text to its characters.
#ifndef BINFERRY_WORKER_CHARSET_CHARACTER_DECODER_H_
#define BINFERRY_WORKER_CHARSET_CHARACTER_DECODER_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "absl/strings/string_view.h"
#include "worker/charset/charset.h"

namespace binferry::worker {

inline constexpr uint32_t kNoCharacter = 0xffffffff;

// The first character of a text.
//
// It is the character that MySQL's CONVERT(... USING utf8mb4) makes of the same
// bytes. What that does not convert has no character here, and is "invalid in
// the set":
// * Malformed bytes, which CONVERT refuses with NULL, are invalid one by one:
//   a lead byte without its trail byte, bytes that begin nothing, UTF-8 that is
//   cut off, longer than needed, a surrogate, or above what the set has. In
//   utf16, utf16le, ucs2 and utf32 malformed are whole units (2, or 4 bytes):
//   surrogates without their other half, in ucs2 and utf32 any surrogate,
//   numbers above U+10FFFF, and the bytes at the end that are too few.
// * A well-formed code that the set leaves unassigned, for which CONVERT puts
//   `?`, is invalid as a whole: it takes as many bytes as any code of its form.
//
// Where MySQL itself says that a code is U+FFFD (some of tis620 and big5), that
// is its character. Bytes of `ascii` above 7F are invalid, though CONVERT,
// which takes ascii for a part of UTF-8, lets pass what is UTF-8.
struct Character {
  // The bytes that it takes, at least 1, also where there is no character.
  uint32_t length;
  // A Unicode scalar value, or kNoCharacter.
  uint32_t code_point;
};

// Each class below reads the sets of one form. Decode gives the first character
// of `bytes`, which is not empty. kIsAsciiCompatible: a byte below 80 at the
// start of a character is that ASCII character, in whatever way other
// characters go on; sjis' trail bytes look like ASCII, say.
//
// Immutable; the tables live as long as the program.

// ascii, utf8mb3 and utf8mb4: UTF-8 of at most 1, 3 and 4 bytes a character.
template <size_t kMaxLength>
class Utf8Decoder {
 public:
  static constexpr bool kIsAsciiCompatible = true;

  // The length of the character above ASCII at the start of `bytes`, 2 to 4, or
  // 0 if that is malformed (Unicode, table 3-7).
  size_t MultibyteLength(absl::string_view bytes) const {
    const auto at = [bytes](size_t i) {
      return static_cast<uint8_t>(bytes[i]);
    };
    const uint8_t lead = at(0);
    const size_t length = lead < 0xc2   ? 0
                          : lead < 0xe0 ? 2
                          : lead < 0xf0 ? 3
                          : lead < 0xf5 ? 4
                                        : 0;
    if (length == 0 || length > kMaxLength || length > bytes.size()) return 0;
    const uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (at(1) < least || at(1) > most) return 0;
    for (size_t i = 2; i < length; ++i) {
      if ((at(i) & 0xc0) != 0x80) return 0;
    }
    return length;
  }

  Character Decode(absl::string_view bytes) const {
    const uint8_t lead = static_cast<uint8_t>(bytes[0]);
    if (lead < 0x80) return {1, lead};
    const size_t length = MultibyteLength(bytes);
    if (length == 0) return {1, kNoCharacter};
    uint32_t point = lead & (0x7fu >> length);
    for (size_t i = 1; i < length; ++i) {
      point = point << 6 | (static_cast<uint8_t>(bytes[i]) & 0x3f);
    }
    return {static_cast<uint32_t>(length), point};
  }
};

// The tables are of UTF-16 units, `?` for a code without a character.
using ByteTable = std::array<char16_t, 256>;

// Sets of single bytes with ASCII as their lower half: all but swe7.
class SingleByteDecoder {
 public:
  static constexpr bool kIsAsciiCompatible = true;

  explicit constexpr SingleByteDecoder(const ByteTable* table)
      : table_(table) {}

  Character Decode(absl::string_view bytes) const {
    const uint8_t byte = static_cast<uint8_t>(bytes[0]);
    const uint32_t point = (*table_)[byte];
    return {1, point == '?' && byte != '?' ? kNoCharacter : point};
  }

 private:
  const ByteTable* table_;
};

// swe7: ASCII with letters for some of its signs.
class Swe7Decoder {
 public:
  static constexpr bool kIsAsciiCompatible = false;

  explicit constexpr Swe7Decoder(const ByteTable* table) : bytes_(table) {}

  Character Decode(absl::string_view bytes) const {
    return bytes_.Decode(bytes);
  }

 private:
  SingleByteDecoder bytes_;
};

// Characters of two bytes: a row for each lead byte, in it a column for each
// trail byte; any trail byte may follow any lead byte.
struct PairTable {
  std::array<uint8_t, 256> rows;     // By lead byte, from 1; 0 = none.
  std::array<uint8_t, 256> columns;  // By trail byte, from 1; 0 = none.
  uint32_t column_count;
  const char16_t* characters;  // Row by row.

  // The character of a pair that begins `bytes`, which begin with no ASCII.
  Character Decode(absl::string_view bytes) const {
    const uint32_t row = rows[static_cast<uint8_t>(bytes[0])];
    if (row == 0 || bytes.size() < 2) return {1, kNoCharacter};
    const uint32_t column = columns[static_cast<uint8_t>(bytes[1])];
    if (column == 0) return {1, kNoCharacter};
    const uint32_t point = characters[(row - 1) * column_count + column - 1];
    return {2, point == '?' ? kNoCharacter : point};
  }
};

// The half-width katakana, which sjis and cp932 have as single bytes, and ujis
// and eucjpms behind the byte 8E.
inline constexpr uint8_t kFirstKanaByte = 0xa1;
inline constexpr uint8_t kLastKanaByte = 0xdf;
inline constexpr uint32_t kFirstKana = 0xff61;

inline bool IsKanaByte(char byte) {
  const uint8_t kana = static_cast<uint8_t>(byte);
  return kFirstKanaByte <= kana && kana <= kLastKanaByte;
}

inline uint32_t KanaOf(char byte) {
  return kFirstKana + static_cast<uint8_t>(byte) - kFirstKanaByte;
}

// big5, euckr, gb2312 and gbk.
class PairDecoder {
 public:
  static constexpr bool kIsAsciiCompatible = true;

  explicit constexpr PairDecoder(const PairTable* pairs) : pairs_(pairs) {}

  Character Decode(absl::string_view bytes) const {
    const uint8_t lead = static_cast<uint8_t>(bytes[0]);
    if (lead < 0x80) return {1, lead};
    return pairs_->Decode(bytes);
  }

 private:
  const PairTable* pairs_;
};

// sjis and cp932.
class ShiftJisDecoder {
 public:
  static constexpr bool kIsAsciiCompatible = true;

  explicit constexpr ShiftJisDecoder(const PairTable* pairs) : pairs_(pairs) {}

  Character Decode(absl::string_view bytes) const {
    const uint8_t lead = static_cast<uint8_t>(bytes[0]);
    if (lead < 0x80) return {1, lead};
    if (IsKanaByte(bytes[0])) return {1, KanaOf(bytes[0])};
    return pairs_->Decode(bytes);
  }

 private:
  const PairTable* pairs_;
};

// ujis and eucjpms.
class EucJapaneseDecoder {
 public:
  static constexpr bool kIsAsciiCompatible = true;

  // `triples` are the pairs behind the byte 8F.
  constexpr EucJapaneseDecoder(const PairTable* pairs, const PairTable* triples)
      : pairs_(pairs), triples_(triples) {}

  Character Decode(absl::string_view bytes) const {
    const uint8_t lead = static_cast<uint8_t>(bytes[0]);
    if (lead < 0x80) return {1, lead};
    if (lead == 0x8e) {
      if (bytes.size() < 2 || !IsKanaByte(bytes[1])) return {1, kNoCharacter};
      return {2, KanaOf(bytes[1])};
    }
    if (lead != 0x8f) return pairs_->Decode(bytes);
    if (bytes.size() < 3) return {1, kNoCharacter};
    const Character pair = triples_->Decode(bytes.substr(1));
    return {pair.length == 2 ? 3u : 1u, pair.code_point};
  }

 private:
  const PairTable* pairs_;
  const PairTable* triples_;
};

// gb18030: pairs as gbk's, and codes of four bytes for all the rest of Unicode.
class Gb18030Decoder {
 public:
  static constexpr bool kIsAsciiCompatible = true;

  explicit constexpr Gb18030Decoder(const PairTable* pairs) : pairs_(pairs) {}

  Character Decode(absl::string_view bytes) const {
    const uint8_t lead = static_cast<uint8_t>(bytes[0]);
    if (lead < 0x80) return {1, lead};
    // No trail byte of a pair is a digit.
    if (bytes.size() >= 2 && '0' <= bytes[1] && bytes[1] <= '9') {
      return DecodeFour(bytes);
    }
    return pairs_->Decode(bytes);
  }

 private:
  static Character DecodeFour(absl::string_view bytes);

  const PairTable* pairs_;
};

// The unit of `sizeof(Unit)` bytes at the start of `bytes`.
template <typename Unit, std::endian kOrder>
uint32_t UnitAt(absl::string_view bytes) {
  uint32_t unit = 0;
  for (size_t i = 0; i < sizeof(Unit); ++i) {
    const size_t from = kOrder == std::endian::big ? i : sizeof(Unit) - 1 - i;
    unit = unit << 8 | static_cast<uint8_t>(bytes[from]);
  }
  return unit;
}

inline constexpr bool IsSurrogate(uint32_t unit) {
  return (unit & 0xfffff800) == 0xd800;
}

// utf16 and utf16le.
template <std::endian kOrder>
class Utf16Decoder {
 public:
  static constexpr bool kIsAsciiCompatible = false;

  Character Decode(absl::string_view bytes) const {
    if (bytes.size() < 2) return {1, kNoCharacter};
    const uint32_t unit = UnitAt<char16_t, kOrder>(bytes);
    if (!IsSurrogate(unit)) return {2, unit};
    if (unit >= 0xdc00 || bytes.size() < 4) return {2, kNoCharacter};
    const uint32_t low = UnitAt<char16_t, kOrder>(bytes.substr(2));
    if ((low & 0xfffffc00) != 0xdc00) return {2, kNoCharacter};
    return {4, 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff))};
  }
};

class Ucs2Decoder {
 public:
  static constexpr bool kIsAsciiCompatible = false;

  Character Decode(absl::string_view bytes) const {
    if (bytes.size() < 2) return {1, kNoCharacter};
    const uint32_t unit = UnitAt<char16_t, std::endian::big>(bytes);
    return {2, IsSurrogate(unit) ? kNoCharacter : unit};
  }
};

class Utf32Decoder {
 public:
  static constexpr bool kIsAsciiCompatible = false;

  Character Decode(absl::string_view bytes) const {
    if (bytes.size() < 4) {
      return {static_cast<uint32_t>(bytes.size()), kNoCharacter};
    }
    const uint32_t unit = UnitAt<char32_t, std::endian::big>(bytes);
    return {4, unit > 0x10ffff || IsSurrogate(unit) ? kNoCharacter : unit};
  }
};

// binary: no byte is a character.
class BinaryDecoder {
 public:
  static constexpr bool kIsAsciiCompatible = false;

  Character Decode(absl::string_view) const { return {1, kNoCharacter}; }
};

using CharacterDecoder =
    std::variant<Utf8Decoder<1>, Utf8Decoder<3>, Utf8Decoder<4>,
                 SingleByteDecoder, PairDecoder, ShiftJisDecoder,
                 EucJapaneseDecoder, Gb18030Decoder, Swe7Decoder,
                 Utf16Decoder<std::endian::big>,
                 Utf16Decoder<std::endian::little>, Ucs2Decoder, Utf32Decoder,
                 BinaryDecoder>;

// The decoder of `charset`. Visit it once for a text, not for a character.
const CharacterDecoder& DecoderOf(Charset charset);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_CHARSET_CHARACTER_DECODER_H_
