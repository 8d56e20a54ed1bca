#include "tests/documents/names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/metrics/metric_names.h"
#include "common/role/roles.h"
#include "recbots/v1/config.pb.h"
#include "tests/documents/check_words.h"
#include "tests/documents/document.h"

namespace recbots::documents {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Whether words of a file are names of ours: neither documents nor data are.
bool HasNames(const std::string& file) {
  if (absl::StartsWith(file, "tests/golden/")) return false;
  // Names of others, and names that are made up.
  if (absl::StartsWith(file, "tests/documents/") && absl::EndsWith(file, ".cc")) return false;
  for (const char* ending : {".md", ".json", ".svg", ".pem"}) {
    if (absl::EndsWith(file, ending)) return false;
  }
  return true;
}

// What can be typed with --help behind it.
std::vector<std::string> Programs(testing::Workshop& workshop) {
  std::vector<std::string> programs = {"bash deploy/run",
                                       "bash deploy/reproduce-slateq",
                                       "bash deploy/images",
                                       "bash deploy/package",
                                       "bash deploy/release",
                                       "bash deploy/monitoring/run",
                                       "bash tests/check",
                                       "bash tests/run",
                                       "bash tests/packages/run",
                                       "python3 tests/chaos/run",
                                       "python3 tests/monitoring/run"};
  for (const RoleKind& role : kRoles) programs.push_back(absl::StrCat("recbots-", role.name));
  const std::string usage = workshop.Run("recbots help").output;
  static const std::regex command(R"(\n  ([a-z]+) )");
  for (std::sregex_iterator match(usage.begin(), usage.end(), command), end; match != end; ++match) {
    programs.push_back(absl::StrCat("recbots ", (*match)[1].str()));
  }
  return programs;
}

}  // namespace

std::vector<std::string> WordsOf(const std::string& text) {
  std::vector<std::string> words;
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    while (i < text.size() && (absl::ascii_isalnum(static_cast<unsigned char>(text[i])) || text[i] == '_')) ++i;
    if (i > begin && !absl::ascii_isdigit(static_cast<unsigned char>(text[begin]))) {
      words.push_back(text.substr(begin, i - begin));
    }
    if (i == begin) ++i;
  }
  return words;
}

Names::Names(const std::string& root, testing::Workshop& workshop) {
  for (const std::string& file : ListTree(root)) {
    for (std::filesystem::path path = file; !path.empty(); path = path.parent_path()) paths_.insert(path);
    file_names_.insert(std::filesystem::path(file).filename());
    for (const std::string& word : WordsOf(file)) words_.insert(word);
    if (!HasNames(file)) continue;
    absl::StrAppend(&code_, ReadFile(absl::StrCat(root, "/", file)), "\n");
  }
  for (const std::string& word : WordsOf(code_)) words_.insert(word);
  for (const std::string& program : Programs(workshop)) {
    const testing::Outcome help = workshop.Run(program + " --help");
    EXPECT_EQ(help.exit_code, 0) << program << " --help\n" << help.output;
    absl::StrAppend(&helps_, absl::StrReplaceAll(help.output, {{"\n", " "}}), " ");
  }
  for (const std::string& flag : FlagsIn(helps_)) flags_.insert(flag);
  benches_ = absl::StrSplit(workshop.Run("recbots bench --list").output, '\n', absl::SkipEmpty());
}

bool Names::IsMetric(const std::string& name) const {
  return std::any_of(std::begin(metric::kAll), std::end(metric::kAll), [&](const MetricDescription& metric) {
    if (name == metric.name) return true;
    if (metric.type != MetricType::kHistogram) return false;
    return name == absl::StrCat(metric.name, "_bucket") || name == absl::StrCat(metric.name, "_sum") ||
           name == absl::StrCat(metric.name, "_count");
  });
}

bool Names::IsPath(const std::string& path, const std::string& document) const {
  const std::string plain(absl::StripSuffix(path, "/"));
  if (file_names_.count(plain) > 0) return true;
  const std::filesystem::path here = std::filesystem::path(document).parent_path();
  for (const std::filesystem::path& candidate : {std::filesystem::path(plain), here / plain}) {
    const std::string normal = candidate.lexically_normal();
    if (paths_.count(normal) > 0) return true;
    if (!absl::StrContains(normal, '*')) continue;
    const std::regex pattern(absl::StrReplaceAll(normal, {{".", "\\."}, {"*", "[^/]*"}}));
    if (std::any_of(paths_.begin(), paths_.end(),
                    [&](const std::string& one) { return std::regex_match(one, pattern); }))
      return true;
  }
  return false;
}

bool Names::IsBench(const std::string& name) const {
  const std::string plain(absl::StripSuffix(name, "/"));
  return std::any_of(benches_.begin(), benches_.end(), [&](const std::string& bench) {
    return bench == plain || absl::StartsWith(bench, plain + "/") ||
           (absl::StartsWith(bench, "replay/") && absl::StartsWith(plain, bench + "/"));
  });
}

bool Names::BeginsAsConfigPath(const std::string& path) {
  return v1::ExperimentConfig::descriptor()->FindFieldByName(path.substr(0, path.find_first_of(".["))) != nullptr;
}

bool Names::IsConfigPath(const std::string& path) {
  const Descriptor* message = v1::ExperimentConfig::descriptor();
  for (absl::string_view step : absl::StrSplit(path, '.')) {
    const FieldDescriptor* field =
        message == nullptr ? nullptr : message->FindFieldByName(std::string(step.substr(0, step.find('['))));
    if (field == nullptr || (absl::StrContains(step, "[") && !field->is_repeated())) return false;
    message = field->message_type();
  }
  return true;
}

}  // namespace recbots::documents
