#include "worker/decode/statement_variable.h"

#include <array>
#include <bit>
#include <charconv>
#include <string>

#include "absl/strings/str_cat.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/decimal.h"
#include "worker/charset/charset.h"

namespace binferry::worker {
namespace {

absl::Status Malformed(const EventHeader& header) {
  return absl::DataLossError(
      absl::StrCat("a malformed event ", EventTypeName(header.type)));
}

absl::Status WriteIntvar(const EventHeader& header, ByteReader reader,
                         JsonObject* object) {
  constexpr uint8_t kLastInsertId = 1;
  constexpr uint8_t kInsertId = 2;
  const uint8_t variable = reader.U8();
  const uint64_t value = reader.U64();
  if (!reader.ok() || (variable != kLastInsertId && variable != kInsertId)) {
    return Malformed(header);
  }
  object->Text("variable",
               variable == kInsertId ? "INSERT_ID" : "LAST_INSERT_ID");
  object->Text("value", absl::StrCat(value));
  return absl::OkStatus();
}

absl::Status WriteRand(const EventHeader& header, ByteReader reader,
                       JsonObject* object) {
  const uint64_t first = reader.U64();
  const uint64_t second = reader.U64();
  if (!reader.ok()) return Malformed(header);
  object->Raw("seeds", absl::StrCat("[", first, ",", second, "]"));
  return absl::OkStatus();
}

// As the item types of the server number them.
enum class VariableType : uint8_t {
  kString = 0,
  kReal = 1,
  kInteger = 2,
  kDecimal = 4,
};

struct UserVariable {
  VariableType type = VariableType::kString;
  uint32_t collation = 0;
  absl::Span<const uint8_t> value;
  bool is_unsigned = false;
};

std::string IntegerText(const UserVariable& variable) {
  const uint64_t value = ReadLittleEndian(variable.value.data(), 8);
  return variable.is_unsigned ? absl::StrCat(value)
                              : absl::StrCat(static_cast<int64_t>(value));
}

std::string RealText(const UserVariable& variable) {
  std::array<char, 32> text;
  const auto value =
      std::bit_cast<double>(ReadLittleEndian(variable.value.data(), 8));
  char* const end =
      std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return std::string(text.data(), end);
}

// Precision, scale, then the number; "" if it is none.
std::string DecimalText(absl::Span<const uint8_t> value) {
  constexpr uint8_t kMaxPrecision = 65;
  if (value.size() < 2 || value[0] > kMaxPrecision || value[1] > value[0] ||
      value.size() - 2 < DecimalBytes(value[0], value[1])) {
    return "";
  }
  std::array<char, kMaxDecimalBytes> text;
  char* const end =
      WriteDecimal(value.data() + 2, value[0], value[1], text.data());
  return end == nullptr ? "" : std::string(text.data(), end);
}

absl::Status WriteValue(const EventHeader& header, const UserVariable& variable,
                        JsonObject* object) {
  std::string text;
  switch (variable.type) {
    case VariableType::kString: {
      const auto charset = CharsetOfCollation(variable.collation);
      if (charset.ok()) object->Text("charset", CharsetName(*charset));
      object->Key("value");
      AppendQuoted(charset.value_or(Charset::kBinary), AsText(variable.value),
                   object->out());
      return absl::OkStatus();
    }
    case VariableType::kReal:
      if (variable.value.size() == 8) text = RealText(variable);
      break;
    case VariableType::kInteger:
      if (variable.value.size() == 8) text = IntegerText(variable);
      break;
    case VariableType::kDecimal:
      text = DecimalText(variable.value);
      break;
  }
  if (text.empty()) return Malformed(header);
  object->Text("value", text);
  return absl::OkStatus();
}

absl::Status WriteUserVariable(const EventHeader& header, ByteReader reader,
                               JsonObject* object) {
  const absl::string_view name = reader.Text(reader.U32());
  const bool is_null = reader.U8() != 0;
  if (!reader.ok()) return Malformed(header);
  object->Text("variable", name);
  if (is_null) {
    object->Null("value");
    return absl::OkStatus();
  }
  constexpr uint8_t kUnsignedFlag = 1;
  UserVariable variable;
  variable.type = static_cast<VariableType>(reader.U8());
  variable.collation = reader.U32();
  variable.value = reader.Bytes(reader.U32());
  if (!reader.ok()) return Malformed(header);
  // Old servers write no flags.
  variable.is_unsigned = !reader.AtEnd() && (reader.U8() & kUnsignedFlag) != 0;
  return WriteValue(header, variable, object);
}

}  // namespace

absl::Status WriteStatementVariable(const EventHeader& header,
                                    absl::Span<const uint8_t> body,
                                    JsonObject* object) {
  const ByteReader reader(body);
  if (header.Is(EventType::kIntvar)) return WriteIntvar(header, reader, object);
  if (header.Is(EventType::kRand)) return WriteRand(header, reader, object);
  if (header.Is(EventType::kUserVar)) {
    return WriteUserVariable(header, reader, object);
  }
  return absl::OkStatus();
}

}  // namespace binferry::worker
