#include "deploy/cli/report/config_differences.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string TextOf(const Message& message, const FieldDescriptor& field, int index) {
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(message, &field, index, &text);
  return text;
}

void Flatten(const Message& message, const std::string& prefix, ConfigValues& values);

void FlattenList(const Message& message, const FieldDescriptor& field, const std::string& path, ConfigValues& values) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::string list;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Flatten(reflection.GetRepeatedMessage(message, &field, i), absl::StrCat(path, "[", i, "]"), values);
    } else {
      absl::StrAppend(&list, list.empty() ? "" : ",", TextOf(message, field, i));
    }
  }
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) values[path] = list;
}

void Flatten(const Message& message, const std::string& prefix, ConfigValues& values) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string path = prefix.empty() ? field.name() : absl::StrCat(prefix, ".", field.name());
    if (field.is_repeated()) {
      FlattenList(message, field, path, values);
      continue;
    }
    const bool given = reflection.HasField(message, &field);
    if (field.real_containing_oneof() != nullptr && !given) continue;
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      values[path] = TextOf(message, field, -1);
    } else if (given || !field.options().GetExtension(v1::on_request)) {
      if (given) values[path] = "{}";
      Flatten(reflection.GetMessage(message, &field), path, values);
    }
  }
}

}  // namespace

ConfigValues FlattenConfig(const v1::ExperimentConfig& config) {
  ConfigValues values;
  Flatten(config, "", values);
  // That a part is given says nothing where its values are those of one that is not: only choices are kept.
  for (auto value = values.begin(); value != values.end();) {
    const bool part = value->second == "{}" && !absl::StartsWith(value->first, "environment.") &&
                      !absl::StartsWith(value->first, "algorithm.");
    value = part ? values.erase(value) : std::next(value);
  }
  return values;
}

ConfigValues WithoutSeed(ConfigValues values) {
  values.erase("seed");
  return values;
}

ConfigValues EnvironmentOf(const ConfigValues& values) {
  ConfigValues environment;
  for (const auto& [path, value] : values) {
    if (absl::StartsWith(path, "environment.")) environment[path] = value;
  }
  return environment;
}

std::vector<ConfigDifference> DifferencesOf(const std::vector<ConfigValues>& configs) {
  std::set<std::string> paths;
  for (const ConfigValues& config : configs) {
    for (const auto& [path, value] : config) paths.insert(path);
  }
  std::vector<ConfigDifference> differences;
  for (const std::string& path : paths) {
    ConfigDifference difference{path, {}};
    for (const ConfigValues& config : configs) {
      const auto found = config.find(path);
      difference.values.push_back(found == config.end() ? "-" : found->second);
    }
    const bool equal = std::all_of(difference.values.begin(), difference.values.end(),
                                   [&](const std::string& value) { return value == difference.values[0]; });
    if (!equal) differences.push_back(std::move(difference));
  }
  return differences;
}

}  // namespace recbots
