#include "common/config/config.h"

#include <google/protobuf/text_format.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/config_file.h"
#include "common/config/idle_settings.h"
#include "common/config/validate.h"

namespace recbots {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Makes relative paths of files absolute, starting from `folder`, so that they name the same files wherever the
// configuration is read again.
void AnchorPaths(const std::filesystem::path& folder, Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> given;
  reflection.ListFields(message, &given);
  for (const FieldDescriptor* field : given) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const int elements = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
      for (int i = 0; i < elements; ++i) {
        AnchorPaths(folder, field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, i)
                                                 : *reflection.MutableMessage(&message, field));
      }
      continue;
    }
    if (!field->options().GetExtension(v1::path)) continue;
    const std::string path = reflection.GetString(message, field);
    std::error_code error;
    const auto absolute = std::filesystem::absolute(folder / path, error);
    if (!path.empty() && !error) reflection.SetString(&message, field, absolute.lexically_normal().string());
  }
}

}  // namespace

absl::StatusOr<v1::ExperimentConfig> LoadExperimentConfig(const std::string& path,
                                                          const std::vector<std::string>& overrides) {
  RECBOTS_ASSIGN_OR_RETURN(v1::ExperimentConfig config, ReadConfigFile(path));
  const bool says_nothing = config.ByteSizeLong() == 0;
  AnchorPaths(std::filesystem::path(path).parent_path(), config);
  for (const std::string& override_text : overrides) {
    RECBOTS_RETURN_IF_ERROR(ApplyOverride(override_text, config));
  }
  AnchorPaths("", config);
  const absl::Status valid = ValidateExperimentConfig(config);
  if (!valid.ok() && says_nothing) {
    return absl::Status(valid.code(), absl::StrCat(path, " has no settings; ", valid.message()));
  }
  RECBOTS_RETURN_IF_ERROR(valid);
  for (const std::string& override_text : overrides) {
    RECBOTS_RETURN_IF_ERROR(CheckCounts(override_text.substr(0, override_text.find('=')), config));
  }
  return config;
}

absl::Status ValidateExperimentConfig(const v1::ExperimentConfig& config) {
  RECBOTS_RETURN_IF_ERROR(CheckRanges(config, /*prefix=*/""));
  return CheckRules(config);
}

std::string PrintExperimentConfig(const v1::ExperimentConfig& config) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseShortRepeatedPrimitives(true);
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  printer.PrintToString(config, &text);
  return text;
}

}  // namespace recbots
