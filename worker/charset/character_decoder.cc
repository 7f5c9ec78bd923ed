#include "worker/charset/character_decoder.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <iterator>

namespace binferry::worker {
namespace {

// The tables' texts; worker/charset/tables/make describes them.
constexpr char16_t kArmscii8Text[] =
#include "worker/charset/tables/armscii8.inc"
    ;
constexpr char16_t kCp1250Text[] =
#include "worker/charset/tables/cp1250.inc"
    ;
constexpr char16_t kCp1251Text[] =
#include "worker/charset/tables/cp1251.inc"
    ;
constexpr char16_t kCp1256Text[] =
#include "worker/charset/tables/cp1256.inc"
    ;
constexpr char16_t kCp1257Text[] =
#include "worker/charset/tables/cp1257.inc"
    ;
constexpr char16_t kCp850Text[] =
#include "worker/charset/tables/cp850.inc"
    ;
constexpr char16_t kCp852Text[] =
#include "worker/charset/tables/cp852.inc"
    ;
constexpr char16_t kCp866Text[] =
#include "worker/charset/tables/cp866.inc"
    ;
constexpr char16_t kDec8Text[] =
#include "worker/charset/tables/dec8.inc"
    ;
constexpr char16_t kGeostd8Text[] =
#include "worker/charset/tables/geostd8.inc"
    ;
constexpr char16_t kGreekText[] =
#include "worker/charset/tables/greek.inc"
    ;
constexpr char16_t kHebrewText[] =
#include "worker/charset/tables/hebrew.inc"
    ;
constexpr char16_t kHp8Text[] =
#include "worker/charset/tables/hp8.inc"
    ;
constexpr char16_t kKeybcs2Text[] =
#include "worker/charset/tables/keybcs2.inc"
    ;
constexpr char16_t kKoi8rText[] =
#include "worker/charset/tables/koi8r.inc"
    ;
constexpr char16_t kKoi8uText[] =
#include "worker/charset/tables/koi8u.inc"
    ;
constexpr char16_t kLatin1Text[] =
#include "worker/charset/tables/latin1.inc"
    ;
constexpr char16_t kLatin2Text[] =
#include "worker/charset/tables/latin2.inc"
    ;
constexpr char16_t kLatin5Text[] =
#include "worker/charset/tables/latin5.inc"
    ;
constexpr char16_t kLatin7Text[] =
#include "worker/charset/tables/latin7.inc"
    ;
constexpr char16_t kMacceText[] =
#include "worker/charset/tables/macce.inc"
    ;
constexpr char16_t kMacromanText[] =
#include "worker/charset/tables/macroman.inc"
    ;
constexpr char16_t kSwe7Text[] =
#include "worker/charset/tables/swe7.inc"
    ;
constexpr char16_t kTis620Text[] =
#include "worker/charset/tables/tis620.inc"
    ;
constexpr char16_t kBig5Text[] =
#include "worker/charset/tables/big5.inc"
    ;
constexpr char16_t kCp932Text[] =
#include "worker/charset/tables/cp932.inc"
    ;
constexpr char16_t kEucjpmsText[] =
#include "worker/charset/tables/eucjpms.inc"
    ;
constexpr char16_t kEucjpms8fText[] =
#include "worker/charset/tables/eucjpms_8f.inc"
    ;
constexpr char16_t kEuckrText[] =
#include "worker/charset/tables/euckr.inc"
    ;
constexpr char16_t kGb18030Text[] =
#include "worker/charset/tables/gb18030.inc"
    ;
constexpr char16_t kGb2312Text[] =
#include "worker/charset/tables/gb2312.inc"
    ;
constexpr char16_t kGbkText[] =
#include "worker/charset/tables/gbk.inc"
    ;
constexpr char16_t kSjisText[] =
#include "worker/charset/tables/sjis.inc"
    ;
constexpr char16_t kUjisText[] =
#include "worker/charset/tables/ujis.inc"
    ;
constexpr char16_t kUjis8fText[] =
#include "worker/charset/tables/ujis_8f.inc"
    ;

// Of the characters of the bytes 80 to FF behind ASCII, or of all 256.
template <size_t kUnits>
constexpr ByteTable BytesOf(const char16_t (&text)[kUnits]) {
  constexpr size_t kCount = kUnits - 1;  // It ends with a NUL.
  static_assert(kCount == 128 || kCount == 256);
  ByteTable table = {};
  for (size_t byte = 0; byte < table.size() - kCount; ++byte) {
    table[byte] = static_cast<char16_t>(byte);
  }
  std::copy_n(text, kCount, table.end() - kCount);
  return table;
}

struct ByteRange {
  uint8_t first;
  uint8_t last;
};
using ByteRanges = std::initializer_list<ByteRange>;

// Numbers the bytes of `ranges` from 1 and returns how many they are.
constexpr uint8_t Number(ByteRanges ranges, std::array<uint8_t, 256>* numbers) {
  uint8_t count = 0;
  for (const ByteRange& range : ranges) {
    for (size_t byte = range.first; byte <= range.last; ++byte) {
      (*numbers)[byte] = ++count;
    }
  }
  return count;
}

template <size_t kUnits>
constexpr PairTable PairsOf(const char16_t (&text)[kUnits], ByteRanges leads,
                            ByteRanges trails) {
  PairTable table = {};
  const uint32_t rows = Number(leads, &table.rows);
  table.column_count = Number(trails, &table.columns);
  // Another size is no constant, and so does not compile.
  if (rows * table.column_count != kUnits - 1) std::abort();
  table.characters = text;
  return table;
}

constexpr ByteTable kArmscii8 = BytesOf(kArmscii8Text);
constexpr ByteTable kCp1250 = BytesOf(kCp1250Text);
constexpr ByteTable kCp1251 = BytesOf(kCp1251Text);
constexpr ByteTable kCp1256 = BytesOf(kCp1256Text);
constexpr ByteTable kCp1257 = BytesOf(kCp1257Text);
constexpr ByteTable kCp850 = BytesOf(kCp850Text);
constexpr ByteTable kCp852 = BytesOf(kCp852Text);
constexpr ByteTable kCp866 = BytesOf(kCp866Text);
constexpr ByteTable kDec8 = BytesOf(kDec8Text);
constexpr ByteTable kGeostd8 = BytesOf(kGeostd8Text);
constexpr ByteTable kGreek = BytesOf(kGreekText);
constexpr ByteTable kHebrew = BytesOf(kHebrewText);
constexpr ByteTable kHp8 = BytesOf(kHp8Text);
constexpr ByteTable kKeybcs2 = BytesOf(kKeybcs2Text);
constexpr ByteTable kKoi8r = BytesOf(kKoi8rText);
constexpr ByteTable kKoi8u = BytesOf(kKoi8uText);
constexpr ByteTable kLatin1 = BytesOf(kLatin1Text);
constexpr ByteTable kLatin2 = BytesOf(kLatin2Text);
constexpr ByteTable kLatin5 = BytesOf(kLatin5Text);
constexpr ByteTable kLatin7 = BytesOf(kLatin7Text);
constexpr ByteTable kMacce = BytesOf(kMacceText);
constexpr ByteTable kMacroman = BytesOf(kMacromanText);
constexpr ByteTable kSwe7 = BytesOf(kSwe7Text);
constexpr ByteTable kTis620 = BytesOf(kTis620Text);

constexpr ByteRanges kGbkTrails = {{0x40, 0x7e}, {0x80, 0xfe}};
constexpr ByteRanges kShiftJisLeads = {{0x81, 0x9f}, {0xe0, 0xfc}};
constexpr ByteRanges kShiftJisTrails = {{0x40, 0x7e}, {0x80, 0xfc}};
constexpr ByteRanges kEuc = {{0xa1, 0xfe}};

constexpr PairTable kBig5 =
    PairsOf(kBig5Text, {{0xa1, 0xf9}}, {{0x40, 0x7e}, {0xa1, 0xfe}});
constexpr PairTable kCp932 =
    PairsOf(kCp932Text, kShiftJisLeads, kShiftJisTrails);
constexpr PairTable kEucjpms = PairsOf(kEucjpmsText, kEuc, kEuc);
constexpr PairTable kEucjpms8f = PairsOf(kEucjpms8fText, kEuc, kEuc);
constexpr PairTable kEuckr = PairsOf(
    kEuckrText, {{0x81, 0xfe}}, {{0x41, 0x5a}, {0x61, 0x7a}, {0x81, 0xfe}});
constexpr PairTable kGb18030 =
    PairsOf(kGb18030Text, {{0x81, 0xfe}}, kGbkTrails);
constexpr PairTable kGb2312 = PairsOf(kGb2312Text, {{0xa1, 0xf7}}, kEuc);
constexpr PairTable kGbk = PairsOf(kGbkText, {{0x81, 0xfe}}, kGbkTrails);
constexpr PairTable kSjis = PairsOf(kSjisText, kShiftJisLeads, kShiftJisTrails);
constexpr PairTable kUjis = PairsOf(kUjisText, kEuc, kEuc);
constexpr PairTable kUjis8f = PairsOf(kUjis8fText, kEuc, kEuc);

// `length` codes of four bytes, which follow each other, and their characters,
// which do so too.
struct Gb18030Run {
  uint32_t first_code;  // As Gb18030Number counts.
  uint32_t first_point;
  uint32_t length;
};

constexpr Gb18030Run kGb18030Runs[] = {
#include "worker/charset/tables/gb18030_ranges.inc"
};

// The number of the code of four bytes that begins `bytes`, from 81308130 = 0;
// negative if they begin with none.
int64_t Gb18030Number(absl::string_view bytes) {
  if (bytes.size() < 4) return -1;
  const auto at = [bytes](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) {
    const uint8_t first = i % 2 == 0 ? 0x81 : '0';
    const uint8_t last = i % 2 == 0 ? 0xfe : '9';
    if (at(i) < first || at(i) > last) return -1;
    number = number * (last - first + 1u) + at(i) - first;
  }
  return number;
}

// In the order of Charset.
constexpr std::array<CharacterDecoder, kCharsetCount> kDecoders = {
    SingleByteDecoder(&kArmscii8),
    Utf8Decoder<1>(),
    PairDecoder(&kBig5),
    BinaryDecoder(),
    SingleByteDecoder(&kCp1250),
    SingleByteDecoder(&kCp1251),
    SingleByteDecoder(&kCp1256),
    SingleByteDecoder(&kCp1257),
    SingleByteDecoder(&kCp850),
    SingleByteDecoder(&kCp852),
    SingleByteDecoder(&kCp866),
    ShiftJisDecoder(&kCp932),
    SingleByteDecoder(&kDec8),
    EucJapaneseDecoder(&kEucjpms, &kEucjpms8f),
    PairDecoder(&kEuckr),
    Gb18030Decoder(&kGb18030),
    PairDecoder(&kGb2312),
    PairDecoder(&kGbk),
    SingleByteDecoder(&kGeostd8),
    SingleByteDecoder(&kGreek),
    SingleByteDecoder(&kHebrew),
    SingleByteDecoder(&kHp8),
    SingleByteDecoder(&kKeybcs2),
    SingleByteDecoder(&kKoi8r),
    SingleByteDecoder(&kKoi8u),
    SingleByteDecoder(&kLatin1),
    SingleByteDecoder(&kLatin2),
    SingleByteDecoder(&kLatin5),
    SingleByteDecoder(&kLatin7),
    SingleByteDecoder(&kMacce),
    SingleByteDecoder(&kMacroman),
    ShiftJisDecoder(&kSjis),
    Swe7Decoder(&kSwe7),
    SingleByteDecoder(&kTis620),
    Ucs2Decoder(),
    EucJapaneseDecoder(&kUjis, &kUjis8f),
    Utf16Decoder<std::endian::big>(),
    Utf16Decoder<std::endian::little>(),
    Utf32Decoder(),
    Utf8Decoder<3>(),
    Utf8Decoder<4>(),
};

}  // namespace

Character Gb18030Decoder::DecodeFour(absl::string_view bytes) {
  const int64_t number = Gb18030Number(bytes);
  if (number < 0) return {1, kNoCharacter};
  // The first run behind the code.
  const Gb18030Run* const next =
      std::upper_bound(std::begin(kGb18030Runs), std::end(kGb18030Runs), number,
                       [](int64_t code, const Gb18030Run& run) {
                         return code < run.first_code;
                       });
  if (next == std::begin(kGb18030Runs)) return {4, kNoCharacter};
  const Gb18030Run& run = *(next - 1);
  const uint32_t offset = static_cast<uint32_t>(number) - run.first_code;
  return {4, offset < run.length ? run.first_point + offset : kNoCharacter};
}

const CharacterDecoder& DecoderOf(Charset charset) {
  return kDecoders[static_cast<size_t>(charset)];
}

}  // namespace binferry::worker
