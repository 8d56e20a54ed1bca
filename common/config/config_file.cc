#include "common/config/config_file.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/nearest_name.h"
#include "common/base/program.h"
#include "common/base/status_macros.h"
#include "common/config/field_path.h"

namespace recbots {
namespace {

// Keeps the first error of a parse, with file and line. For an unknown field, the parser's message ends in the names of
// the field and of the message type, both in quotes; the nearest known field is added for people, and no code depends
// on it.
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

// Configurations in `folder` whose names end as those of ours, as paths.
void AddConfigurations(const std::filesystem::path& folder, std::vector<std::string>& paths) {
  std::error_code error;
  const std::filesystem::path listed = folder.empty() ? "." : folder;
  for (std::filesystem::directory_iterator entry(listed, error), end; !error && entry != end; entry.increment(error)) {
    const std::filesystem::path& path = entry->path();
    if (path.extension() == ".textproto") paths.push_back((folder / path.filename()).string());
  }
  std::sort(paths.begin(), paths.end());
}

// The configuration that may have been meant: one beside the path, or one that is shipped. Names are compared without
// folder and ending, so that "browse" finds "deploy/config/browse.textproto".
std::string Meant(const std::string& path) {
  const std::filesystem::path given(path);
  std::vector<std::string> paths;
  AddConfigurations(given.parent_path(), paths);
  std::vector<std::string> shipped;
  AddConfigurations("deploy/config", shipped);
  if (shipped.empty()) AddConfigurations(std::filesystem::path(ProgramFolder()) / "../../../deploy/config", shipped);
  paths.insert(paths.end(), shipped.begin(), shipped.end());
  std::vector<std::string> stems;
  for (const std::string& one : paths) stems.push_back(std::filesystem::path(one).stem().string());
  const std::string stem = given.stem().string();
  const auto nearest = std::find(stems.begin(), stems.end(), NearestName(stem, stems));
  if (nearest == stems.end()) return "";
  const std::filesystem::path meant = paths[static_cast<size_t>(nearest - stems.begin())];
  return absl::StrCat(", did you mean '", meant.lexically_normal().string(), "'?");
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::NotFoundError(absl::StrCat("the configuration: '", path, "': it is a folder, want a file"));
  }
  absl::StatusOr<std::string> text = ReadFile(path, kMaxConfigBytes);
  if (text.ok()) return text;
  const bool too_long = absl::IsInvalidArgument(text.status());
  if (too_long) return absl::InvalidArgumentError(absl::StrCat("the configuration: ", text.status().message()));
  const std::string meant = absl::IsNotFound(text.status()) ? Meant(path) : "";
  return absl::NotFoundError(absl::StrCat("the configuration: ", text.status().message(), meant));
}

// Refuses what an editor or a shell of another system may put into a file. The parser would end the text at a NUL byte,
// or report code points, and neither helps the user.
absl::Status CheckEncoding(const std::string& path, absl::string_view text) {
  if (absl::StartsWith(text, "\xFF\xFE") || absl::StartsWith(text, "\xFE\xFF")) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":1: begins as UTF-16 does, want UTF-8"));
  }
  const size_t nul = text.find('\0');
  if (nul == absl::string_view::npos) return absl::OkStatus();
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
  return absl::InvalidArgumentError(absl::StrCat(path, ":", line, ": a NUL byte, want a text proto"));
}

}  // namespace

absl::StatusOr<v1::ExperimentConfig> ReadConfigFile(const std::string& path) {
  RECBOTS_ASSIGN_OR_RETURN(std::string text, ReadText(path));
  RECBOTS_RETURN_IF_ERROR(CheckEncoding(path, text));
  if (absl::StartsWith(text, "\xEF\xBB\xBF")) text.erase(0, 3);
  v1::ExperimentConfig config;
  FirstError error(path);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(text, &config)) return error.status();
  return config;
}

}  // namespace recbots
