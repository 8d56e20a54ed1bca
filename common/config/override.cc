#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/field_path.h"

namespace recbots {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Where an override writes: one field of one message, and the name that the user gave for it.
struct Target {
  Message& message;
  const FieldDescriptor& field;
  absl::string_view path;
};

absl::Status Malformed(const Target& target, absl::string_view value, absl::string_view want) {
  return absl::InvalidArgumentError(absl::StrCat(target.path, " '", value, "', want ", want));
}

// Sets the field, or adds an element to it.
template <typename T, typename SetMember, typename AddMember>
void Put(const Target& target, T value, SetMember set, AddMember add) {
  const Reflection* reflection = target.message.GetReflection();
  if (target.field.is_repeated()) {
    (reflection->*add)(&target.message, &target.field, value);
  } else {
    (reflection->*set)(&target.message, &target.field, value);
  }
}

template <typename T, typename SetMember, typename AddMember>
absl::Status PutInteger(const Target& target, absl::string_view text, SetMember set, AddMember add) {
  T value = 0;
  if (!absl::SimpleAtoi(text, &value)) {
    return Malformed(target, text,
                     absl::StrCat("an integer ", std::numeric_limits<T>::min(), "..", std::numeric_limits<T>::max()));
  }
  Put(target, value, set, add);
  return absl::OkStatus();
}

absl::Status PutDouble(const Target& target, absl::string_view text) {
  double value = 0;
  if (!absl::SimpleAtod(text, &value)) return Malformed(target, text, "a number");
  if (target.field.cpp_type() == FieldDescriptor::CPPTYPE_FLOAT) {
    Put(target, static_cast<float>(value), &Reflection::SetFloat, &Reflection::AddFloat);
  } else {
    Put(target, value, &Reflection::SetDouble, &Reflection::AddDouble);
  }
  return absl::OkStatus();
}

absl::Status PutBool(const Target& target, absl::string_view text) {
  const bool yes = text == "true" || text == "1";
  if (!yes && text != "false" && text != "0") return Malformed(target, text, "true or false");
  Put(target, yes, &Reflection::SetBool, &Reflection::AddBool);
  return absl::OkStatus();
}

absl::Status PutEnum(const Target& target, absl::string_view text) {
  const auto* value = target.field.enum_type()->FindValueByName(std::string(text));
  if (value == nullptr) {
    return Malformed(target, text, absl::StrCat("one of ", ChoicesOf(*target.field.enum_type())));
  }
  Put(target, value, &Reflection::SetEnum, &Reflection::AddEnum);
  return absl::OkStatus();
}

// A message can only be set as a whole: to its defaults ("{}"), or removed ("").
absl::Status PutMessage(const Target& target, absl::string_view text) {
  const Reflection& reflection = *target.message.GetReflection();
  if (!target.field.is_repeated() && (text.empty() || text == "{}")) {
    reflection.ClearField(&target.message, &target.field);
    if (!text.empty()) reflection.MutableMessage(&target.message, &target.field);
    return absl::OkStatus();
  }
  return Malformed(
      target, text,
      absl::StrCat("one of its fields: ", absl::StrJoin(FieldNames(*target.field.message_type()), ", "),
                   target.field.is_repeated() ? "" : "; {} for a new one of defaults, or nothing for none"));
}

absl::Status PutValue(const Target& target, absl::string_view text) {
  switch (target.field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return PutInteger<int32_t>(target, text, &Reflection::SetInt32, &Reflection::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return PutInteger<int64_t>(target, text, &Reflection::SetInt64, &Reflection::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return PutInteger<uint32_t>(target, text, &Reflection::SetUInt32, &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return PutInteger<uint64_t>(target, text, &Reflection::SetUInt64, &Reflection::AddUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return PutDouble(target, text);
    case FieldDescriptor::CPPTYPE_BOOL:
      return PutBool(target, text);
    case FieldDescriptor::CPPTYPE_ENUM:
      return PutEnum(target, text);
    case FieldDescriptor::CPPTYPE_STRING:
      Put(target, std::string(text), &Reflection::SetString, &Reflection::AddString);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return PutMessage(target, text);
}

// One step of a path: "users", or "more_tables[2]" for an element.
struct Step {
  explicit Step(absl::string_view text) : name(text.substr(0, text.find('['))), index(text.substr(name.size())) {}

  std::string name;
  std::string index;  // "[2]" or empty.
};

// Whether a path may make a missing message that it leads through. If another member of a oneof is chosen, or leaving
// the message out has a meaning, only an explicit request changes that: the path may have been meant for another
// configuration.
absl::Status CheckMayMake(const Message& message, const FieldDescriptor& field, const std::string& where) {
  const Reflection& reflection = *message.GetReflection();
  const auto* choice = field.real_containing_oneof();
  if (choice != nullptr && reflection.HasOneof(message, choice)) {
    const std::string& chosen = reflection.GetOneofFieldDescriptor(message, choice)->name();
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": the ", choice->name(), " is ", chosen, ", want a setting of ", chosen, "; or --set ", where,
        "={} before it, which switches to ", field.name(), " with its defaults and drops what is set of ", chosen));
  }
  if (field.options().GetExtension(v1::on_request)) {
    return absl::InvalidArgumentError(absl::StrCat(where, ": the configuration has no ", field.name(), ", want --set ",
                                                   where, "={} before it, which adds one with its defaults"));
  }
  return absl::OkStatus();
}

// The message that a step leads to which is not the last one. A missing message is made, unless it is an element of a
// list.
absl::StatusOr<Message*> Enter(Message& message, const FieldDescriptor& field, const Step& step,
                               const std::string& where) {
  const Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated() && step.index.empty()) {
    if (!reflection.HasField(message, &field)) RECBOTS_RETURN_IF_ERROR(CheckMayMake(message, field, where));
    return reflection.MutableMessage(&message, &field);
  }
  if (!field.is_repeated()) {
    return absl::InvalidArgumentError(absl::StrCat(where, " is no list, it has no element ", step.index));
  }
  const int size = reflection.FieldSize(message, &field);
  absl::string_view digits = step.index;
  int index = -1;
  if (absl::ConsumePrefix(&digits, "[") && absl::ConsumeSuffix(&digits, "]") && absl::SimpleAtoi(digits, &index) &&
      index >= 0 && index < size) {
    return reflection.MutableRepeatedMessage(&message, &field, index);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(where, step.index, ": want ", where, "[I] with I from 0 to below ", size,
                   ", the elements that the configuration has; more of them only in its file"));
}

// Why nothing can be written to one element.
absl::Status Element(const FieldDescriptor& field, const Step& step, const std::string& name) {
  if (!field.is_repeated()) {
    return absl::InvalidArgumentError(absl::StrCat(name, " is no list, it has no element ", step.index));
  }
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, step.index, ": a list of values is set as a whole, want ", name, "=A,B,..."));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      name, step.index, ": want one of its fields: ", absl::StrJoin(FieldNames(*field.message_type()), ", ")));
}

// Finds the field that `path` names, making messages on the way.
absl::StatusOr<Target> Resolve(absl::string_view path, Message& root) {
  Message* message = &root;
  const std::vector<std::string> steps = absl::StrSplit(path, '.');
  for (size_t i = 0; i < steps.size(); ++i) {
    const bool last = i + 1 == steps.size();
    const Step step(steps[i]);
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(step.name);
    const std::string where = absl::StrJoin(steps.begin(), steps.begin() + static_cast<ptrdiff_t>(i), ".");
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(where.empty() ? "the experiment" : where, " has no field '",
                                                     step.name, "'", Suggestion(step.name, *message->GetDescriptor())));
    }
    const std::string name = JoinPath(where, step.name);
    if (last && step.index.empty()) return Target{*message, *field, path};
    if (last) return Element(*field, step, name);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return absl::InvalidArgumentError(absl::StrCat(name, " is a value, it has no field '", steps[i + 1], "'"));
    }
    RECBOTS_ASSIGN_OR_RETURN(message, Enter(*message, *field, step, name));
  }
  return absl::InvalidArgumentError("no field named");  // StrSplit gives at least one name.
}

// If several fields can give one value, the field that is set by hand wins over those set in the file.
void DropOtherWays(const Target& target) {
  const std::string& thing = target.field.options().GetExtension(v1::way_to_give);
  if (thing.empty()) return;
  const google::protobuf::Descriptor& type = *target.message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& other = *type.field(i);
    if (&other == &target.field || other.options().GetExtension(v1::way_to_give) != thing) continue;
    target.message.GetReflection()->ClearField(&target.message, &other);
  }
}

}  // namespace

absl::Status ApplyOverride(absl::string_view override_text, v1::ExperimentConfig& config) {
  const size_t equals = override_text.find('=');
  if (equals == absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("override '", override_text, "': no '=', want path.to.field=value"));
  }
  const absl::string_view value = override_text.substr(equals + 1);
  // Works on a copy, so that a refused override leaves nothing behind.
  v1::ExperimentConfig changed = config;
  RECBOTS_ASSIGN_OR_RETURN(const Target target,
                           Resolve(absl::StripAsciiWhitespace(override_text.substr(0, equals)), changed));
  if (target.field.is_repeated()) {
    target.message.GetReflection()->ClearField(&target.message, &target.field);
    if (!absl::StripAsciiWhitespace(value).empty()) {
      for (const absl::string_view element : absl::StrSplit(value, ',')) {
        RECBOTS_RETURN_IF_ERROR(PutValue(target, absl::StripAsciiWhitespace(element)));
      }
    }
  } else {
    const bool keep_spaces = target.field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    RECBOTS_RETURN_IF_ERROR(PutValue(target, keep_spaces ? value : absl::StripAsciiWhitespace(value)));
  }
  DropOtherWays(target);
  config = std::move(changed);
  return absl::OkStatus();
}

}  // namespace recbots
