#include "common/config/field_path.h"

#include <google/protobuf/text_format.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/nearest_name.h"

namespace recbots {

std::string JoinPath(absl::string_view prefix, absl::string_view field) {
  return prefix.empty() ? std::string(field) : absl::StrCat(prefix, ".", field);
}

std::vector<std::string> FieldNames(const google::protobuf::Descriptor& message) {
  std::vector<std::string> names;
  for (int i = 0; i < message.field_count(); ++i) names.push_back(message.field(i)->name());
  return names;
}

std::string Suggestion(absl::string_view name, const google::protobuf::Descriptor& message) {
  const std::vector<std::string> names = FieldNames(message);
  const std::string nearest = DidYouMean(name, names);
  return !nearest.empty() ? nearest : absl::StrCat(", it has ", absl::StrJoin(names, ", "));
}

std::string ChoicesOf(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(type.value(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

std::string ValueText(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                      int index) {
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(message, &field, index, &text);
  return text;
}

}  // namespace recbots
