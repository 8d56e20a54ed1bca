#include "learner/run/results.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/role/run_directory.h"

namespace recbots {

absl::Status SaveResults(const std::string& run_dir, const RunResults& results) {
  absl::Status saved = results.curve;
  Report report = results.report;
  if (!results.weights.ok()) {
    saved.Update(absl::Status(results.weights.status().code(),
                              absl::StrCat("no weights.bin is kept: ", results.weights.status().message())));
  } else if (!run_dir.empty()) {
    const absl::Status written = WriteFile(absl::StrCat(run_dir, "/", kWeightsFile), *results.weights);
    report.weights_saved = written.ok();
    saved.Update(written);
  }
  if (!run_dir.empty()) saved.Update(WriteReport(run_dir, report, results.goal));
  if (saved.ok()) return saved;
  return absl::Status(saved.code(), absl::StrCat(FormatEnd(report, results.goal), kNotSaved, saved.message()));
}

absl::Status JoinErrors(const absl::Status& ended, const absl::Status& saved) {
  if (ended.ok() || saved.ok()) return ended.ok() ? saved : ended;
  absl::Status both(ended.code(), absl::StrCat(ended.message(), "; ", saved.message()));
  ended.ForEachPayload([&both](absl::string_view url, const absl::Cord& payload) { both.SetPayload(url, payload); });
  return both;
}

}  // namespace recbots
