#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/config/field_path.h"
#include "common/config/validate.h"

namespace recbots {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Integers as such, everything else with six digits.
std::string BoundText(double bound) {
  if (bound == std::floor(bound) && std::abs(bound) < 0x1p62) return absl::StrCat(static_cast<int64_t>(bound));
  return absl::StrCat(bound);
}

std::string RangeText(const google::protobuf::FieldOptions& options) {
  const bool has_min = options.HasExtension(v1::min);
  const bool has_max = options.HasExtension(v1::max);
  if (options.HasExtension(v1::above)) {
    return absl::StrCat("more than ", BoundText(options.GetExtension(v1::above)),
                        has_max ? absl::StrCat(", at most ", BoundText(options.GetExtension(v1::max))) : "");
  }
  if (has_min && has_max) {
    return absl::StrCat(BoundText(options.GetExtension(v1::min)), "..", BoundText(options.GetExtension(v1::max)));
  }
  if (has_min) return absl::StrCat("at least ", BoundText(options.GetExtension(v1::min)));
  if (has_max) return absl::StrCat("at most ", BoundText(options.GetExtension(v1::max)));
  return "a finite number";
}

// The value of a numeric field as double; 64-bit integers lose at most a rounding, which no bound of ours notices.
double NumberOf(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool element = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return element ? reflection.GetRepeatedInt32(message, &field, index) : reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return static_cast<double>(element ? reflection.GetRepeatedInt64(message, &field, index)
                                         : reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return element ? reflection.GetRepeatedUInt32(message, &field, index) : reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<double>(element ? reflection.GetRepeatedUInt64(message, &field, index)
                                         : reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return element ? reflection.GetRepeatedDouble(message, &field, index) : reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return element ? reflection.GetRepeatedFloat(message, &field, index) : reflection.GetFloat(message, &field);
    default:
      return 0;
  }
}

bool IsNumeric(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return false;
    default:
      return true;
  }
}

absl::Status CheckNumber(const Message& message, const FieldDescriptor& field, int index, const std::string& name) {
  const google::protobuf::FieldOptions& options = field.options();
  const double value = NumberOf(message, field, index);
  const double min = options.HasExtension(v1::min) ? options.GetExtension(v1::min) : -HUGE_VAL;
  const double max = options.HasExtension(v1::max) ? options.GetExtension(v1::max) : HUGE_VAL;
  const double above = options.HasExtension(v1::above) ? options.GetExtension(v1::above) : -HUGE_VAL;
  // NaN fails every comparison.
  if (std::isfinite(value) && value > above && value >= min && value <= max) return absl::OkStatus();
  const std::string where = index >= 0 ? absl::StrCat(name, "[", index, "]") : name;
  return absl::InvalidArgumentError(
      absl::StrCat(where, " ", ValueText(message, field, index), ", want ", RangeText(options)));
}

absl::Status CheckEnum(const Message& message, const FieldDescriptor& field, const std::string& name) {
  // Not set and without a default in the proto: the code that reads the message has one.
  if (!field.has_default_value() && !message.GetReflection()->HasField(message, &field)) return absl::OkStatus();
  if (message.GetReflection()->GetEnumValue(message, &field) != 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, " ", ValueText(message, field), ", want one of ", ChoicesOf(*field.enum_type())));
}

// A path that is given leads somewhere.
absl::Status CheckPath(const Message& message, const FieldDescriptor& field, const std::string& name) {
  const Reflection& reflection = *message.GetReflection();
  if (!field.options().GetExtension(v1::path) || !reflection.HasField(message, &field)) return absl::OkStatus();
  if (!reflection.GetString(message, &field).empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " \"\", want the path of a file"));
}

absl::Status CheckField(const Message& message, const FieldDescriptor& field, const std::string& name) {
  const Reflection& reflection = *message.GetReflection();
  const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (field.is_repeated()) {
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      if (is_message) {
        RECBOTS_RETURN_IF_ERROR(
            CheckRanges(reflection.GetRepeatedMessage(message, &field, i), absl::StrCat(name, "[", i, "]")));
      } else if (IsNumeric(field)) {
        RECBOTS_RETURN_IF_ERROR(CheckNumber(message, field, i, name));
      }
    }
    return absl::OkStatus();
  }
  if (field.containing_oneof() != nullptr && !reflection.HasField(message, &field)) return absl::OkStatus();
  if (is_message) return CheckRanges(reflection.GetMessage(message, &field), name);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return CheckEnum(message, field, name);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) return CheckPath(message, field, name);
  if (IsNumeric(field)) return CheckNumber(message, field, /*index=*/-1, name);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckWays(const Message& message, absl::string_view prefix) {
  std::vector<const FieldDescriptor*> given;
  message.GetReflection()->ListFields(message, &given);
  std::map<std::string, std::vector<std::string>> names;
  for (const FieldDescriptor* field : given) {
    const std::string& thing = field->options().GetExtension(v1::way_to_give);
    if (!thing.empty()) names[thing].push_back(field->name());
  }
  for (const auto& [thing, fields] : names) {
    if (fields.size() < 2) continue;
    return absl::InvalidArgumentError(absl::StrCat(JoinPath(prefix, fields[1]), ": ", thing, " is given ",
                                                   fields.size(), " times (", absl::StrJoin(fields, ", "),
                                                   "), want at most 1"));
  }
  return absl::OkStatus();
}

absl::Status CheckRanges(const Message& message, absl::string_view prefix) {
  RECBOTS_RETURN_IF_ERROR(CheckWays(message, prefix));
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    RECBOTS_RETURN_IF_ERROR(CheckField(message, field, JoinPath(prefix, field.name())));
  }
  return absl::OkStatus();
}

}  // namespace recbots
