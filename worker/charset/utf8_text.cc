#include "worker/charset/utf8_text.h"

#include <algorithm>
#include <cstdint>
#include <variant>

#include "worker/charset/character_decoder.h"

namespace binferry::worker {
namespace {

void AppendPoint(uint32_t point, std::string* text) {
  const auto add = [text](uint32_t bits) {
    text->push_back(static_cast<char>(static_cast<uint8_t>(bits)));
  };
  if (point < 0x80) return add(point);
  if (point < 0x800) {
    add(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      add(0xe0 | point >> 12);
    } else {
      add(0xf0 | point >> 18);
      add(0x80 | (point >> 12 & 0x3f));
    }
    add(0x80 | (point >> 6 & 0x3f));
  }
  add(0x80 | (point & 0x3f));
}

template <typename Decoder>
bool Append(const Decoder& decoder, absl::string_view bytes,
            InvalidText invalid_text, std::string* text) {
  while (!bytes.empty()) {
    const Character character = decoder.Decode(bytes);
    if (character.code_point != kNoCharacter) {
      AppendPoint(character.code_point, text);
    } else if (invalid_text == InvalidText::kStop) {
      return false;
    } else {
      text->append("\ufffd");
    }
    bytes.remove_prefix(character.length);
  }
  return true;
}

}  // namespace

bool AppendUtf8(Charset charset, absl::string_view bytes,
                InvalidText invalid_text, std::string* text) {
  return std::visit(
      [&](const auto& decoder) {
        return Append(decoder, bytes, invalid_text, text);
      },
      DecoderOf(charset));
}

size_t Utf8CharacterLength(absl::string_view text) {
  const auto lead = static_cast<uint8_t>(text.front());
  const size_t length = lead < 0xc2   ? 1
                        : lead < 0xe0 ? 2
                        : lead < 0xf0 ? 3
                        : lead < 0xf5 ? 4
                                      : 1;
  if (length > text.size()) return 1;
  for (size_t i = 1; i < length; ++i) {
    if ((text[i] & 0xc0) != 0x80) return 1;
  }
  return length;
}

}  // namespace binferry::worker
