#include "actor/scenarios/document_browsing/options.h"

#include "actor/scenarios/document_browsing/acceptance_matrix.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"

namespace recbots {

absl::Status ValidateScalars(const DocumentBrowsingOptions& options) {
  RECBOTS_RETURN_IF_ERROR(
      CheckRange("num_documents", options.num_documents, 2, DocumentBrowsingOptions::kMaxDocuments));
  RECBOTS_RETURN_IF_ERROR(CheckRange("exit_probability_accepted", options.exit_probability_accepted, 0, 1));
  RECBOTS_RETURN_IF_ERROR(CheckRange("exit_probability_refused", options.exit_probability_refused, 0, 1));
  RECBOTS_RETURN_IF_ERROR(
      CheckRange("max_episode_steps", options.max_episode_steps, 1, DocumentBrowsingOptions::kMaxSteps));
  return absl::OkStatus();
}

absl::Status Validate(const DocumentBrowsingOptions& options) {
  RECBOTS_RETURN_IF_ERROR(ValidateScalars(options));
  return ValidateAcceptance("acceptance", options.acceptance, options.num_documents);
}

}  // namespace recbots
