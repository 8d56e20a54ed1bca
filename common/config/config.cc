#include "common/config/config.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/config/field_path.h"
#include "common/config/validate.h"

namespace recbots {
namespace {

// Keeps the first error of a parse, with file and line. The parser's words for an unknown field end in its name and
// message type in quotes; the nearest field is added for people, nothing depends on it.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  explicit FirstError(std::string path) : path_(std::move(path)) {}

  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (!text_.empty()) return;
    text_ = absl::StrCat(path_, ":", line + 1, ":", column + 1, ": ", message, Hint(message));
  }

  absl::Status status() const {
    return absl::InvalidArgumentError(text_.empty() ? absl::StrCat(path_, ": not a text proto") : text_);
  }

 private:
  static std::string Hint(const std::string& message) {
    const std::vector<std::string> parts = absl::StrSplit(message, '"');
    if (parts.size() != 5 || parts[2] != " has no field named ") return "";
    const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(parts[1]);
    return type == nullptr ? "" : Suggestion(parts[3], *type);
  }

  const std::string path_;
  std::string text_;
};

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file.is_open()) text << file.rdbuf();
  // An empty file sets failbit on `text`; a folder sets badbit on `file`.
  std::error_code error;
  if (!file.is_open() || file.bad() || std::filesystem::is_directory(path, error)) {
    return absl::NotFoundError(absl::StrCat("cannot read the configuration '", path, "'"));
  }
  return text.str();
}

// Makes a relative matrix_file absolute, beginning at `folder`: it means the same wherever the configuration is read
// again.
void AnchorMatrixFile(const std::filesystem::path& folder, v1::ExperimentConfig& config) {
  if (!config.environment().document_browsing().has_matrix_file()) return;
  std::string& path = *config.mutable_environment()->mutable_document_browsing()->mutable_matrix_file();
  std::error_code error;
  if (path.empty()) return;
  const auto absolute = std::filesystem::absolute(folder / path, error);
  if (!error) path = absolute.lexically_normal().string();
}

}  // namespace

absl::StatusOr<v1::ExperimentConfig> LoadExperimentConfig(const std::string& path,
                                                          const std::vector<std::string>& overrides) {
  RECBOTS_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  v1::ExperimentConfig config;
  FirstError error(path);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(text, &config)) return error.status();
  AnchorMatrixFile(std::filesystem::path(path).parent_path(), config);
  for (const std::string& override_text : overrides) {
    RECBOTS_RETURN_IF_ERROR(ApplyOverride(override_text, config));
  }
  AnchorMatrixFile("", config);
  RECBOTS_RETURN_IF_ERROR(ValidateExperimentConfig(config));
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
