#include "deploy/cli/inspect/message_json.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/log.h"

namespace recbots {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Json = nlohmann::ordered_json;

// BLOCKED_ON_MIN_SIZE -> "min_size": drops the prefix that stands before UNSPECIFIED in the name of value 0.
std::string ShortName(const EnumValueDescriptor& value) {
  absl::string_view prefix = value.type()->value(0)->name();
  absl::string_view name = value.name();
  if (absl::ConsumeSuffix(&prefix, "UNSPECIFIED")) absl::ConsumePrefix(&name, prefix);
  return absl::AsciiStrToLower(name);
}

// One value of a field: element `i`, or the value itself when i < 0.
Json ValueToJson(const Message& message, const FieldDescriptor& field, int i) {
  const google::protobuf::Reflection& read = *message.GetReflection();
  const auto get = [&](auto single, auto element) {
    return i < 0 ? (read.*single)(message, &field) : (read.*element)(message, &field, i);
  };
  using R = google::protobuf::Reflection;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return get(&R::GetInt32, &R::GetRepeatedInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return get(&R::GetInt64, &R::GetRepeatedInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return get(&R::GetUInt32, &R::GetRepeatedUInt32);
    case FieldDescriptor::CPPTYPE_UINT64: {
      const uint64_t value = get(&R::GetUInt64, &R::GetRepeatedUInt64);
      if (field.type() != FieldDescriptor::TYPE_FIXED64) return value;
      return absl::StrCat(absl::Hex(value, absl::kZeroPad16));
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return get(&R::GetDouble, &R::GetRepeatedDouble);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return get(&R::GetFloat, &R::GetRepeatedFloat);
    case FieldDescriptor::CPPTYPE_BOOL:
      return get(&R::GetBool, &R::GetRepeatedBool);
    case FieldDescriptor::CPPTYPE_ENUM:
      return ShortName(*get(&R::GetEnum, &R::GetRepeatedEnum));
    case FieldDescriptor::CPPTYPE_STRING:
      RECBOTS_CHECK(field.type() == FieldDescriptor::TYPE_STRING) << field.full_name();
      return get(&R::GetString, &R::GetRepeatedString);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageToJson(i < 0 ? read.GetMessage(message, &field) : read.GetRepeatedMessage(message, &field, i));
  }
  return nullptr;
}

}  // namespace

Json MessageToJson(const Message& message) {
  Json json = Json::object();
  for (int f = 0; f < message.GetDescriptor()->field_count(); ++f) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(f);
    if (!field.is_repeated()) {
      json[field.name()] = ValueToJson(message, field, -1);
      continue;
    }
    Json list = Json::array();
    for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
      list.push_back(ValueToJson(message, field, i));
    }
    json[field.name()] = std::move(list);
  }
  return json;
}

}  // namespace recbots
