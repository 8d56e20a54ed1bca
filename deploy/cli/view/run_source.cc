#include "deploy/cli/view/run_source.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/role/role_flags.h"
#include "deploy/cli/view/page_client.h"

namespace recbots {
namespace {

// The address of the pages in RUN_DIR/learner.addresses; empty: there is none.
std::string PagesIn(const std::string& run_dir) {
  const std::string text = ReadFile(absl::StrCat(run_dir, "/learner.addresses")).value_or("");
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "http ")) return std::string(line);
  }
  return "";
}

}  // namespace

absl::StatusOr<RunSource> RunSource::Create(const std::string& target, const CommandLine& flags) {
  RunSource source;
  source.target_ = target;
  std::error_code error;
  source.is_folder_ = std::filesystem::is_directory(target, error);
  RECBOTS_ASSIGN_OR_RETURN(source.security_, LoadSecurity(flags));
  source.authority_path_ = flags.value("tls_ca");
  if (source.is_folder_) return source;
  const absl::Status address = PageClient::Create(target, source.security_, source.authority_path_).status();
  if (address.ok()) return source;
  return absl::InvalidArgumentError(
      absl::StrCat("'", target, "' is neither a folder nor an address: ", address.message()));
}

absl::StatusOr<RunView> RunSource::ReadPages(const std::string& address, int points) const {
  RECBOTS_ASSIGN_OR_RETURN(const PageClient client, PageClient::Create(address, security_, authority_path_));
  RECBOTS_ASSIGN_OR_RETURN(const Json status, client.Get("/api/v1/status"));
  RECBOTS_ASSIGN_OR_RETURN(const Json roles, client.Get("/api/v1/roles"));
  RECBOTS_ASSIGN_OR_RETURN(
      const Json series,
      client.Get(absl::StrCat("/api/v1/series?names=value,value_ci95,share_of_gap,share_of_optimum&x=env_steps&points=",
                              points)));
  return ViewOfPages(client.url(), status, roles, series);
}

absl::StatusOr<RunView> RunSource::Read(int points) const {
  if (!is_folder_) return ReadPages(target_, points);
  RECBOTS_ASSIGN_OR_RETURN(const RunFolder folder, ReadRunFolder(target_));
  RunView of_folder = ViewOfFolder(folder);
  if (folder.holder.empty()) return of_folder;
  const std::string address = PagesIn(target_);
  if (address.empty()) return of_folder;  // `recbots train` has no pages.
  absl::StatusOr<RunView> of_pages = ReadPages(address, points);
  if (!of_pages.ok()) {
    if (folder.stage == RunStage::kEnded) return of_folder;  // It is just ending.
    of_folder.troubles.push_back(absl::StrCat("the learner is silent: ", of_pages.status().message()));
    return of_folder;
  }
  of_pages->where = absl::StrCat(target_, " (", of_pages->where, ")");
  of_pages->environment = of_folder.environment;
  of_pages->seed = of_folder.seed;
  of_pages->troubles = std::move(of_folder.troubles);
  return of_pages;
}

}  // namespace recbots
