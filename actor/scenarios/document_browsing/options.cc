#include "actor/scenarios/document_browsing/options.h"

#include "actor/scenarios/document_browsing/acceptance_matrix.h"
#include "common/base/status_macros.h"

namespace recbots {

absl::Status Validate(const DocumentBrowsingOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckSettings(options));
  if (options.acceptance.empty()) return absl::OkStatus();
  return ValidateAcceptance("acceptance", options.acceptance, options.num_documents);
}

absl::Status ReadFiles(DocumentBrowsingOptions& options) {
  if (options.matrix_file.empty()) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(CheckSettings(options));
  RECBOTS_ASSIGN_OR_RETURN(options.acceptance, ReadAcceptanceFile(options.matrix_file, options.num_documents));
  options.matrix_file.clear();
  return absl::OkStatus();
}

}  // namespace recbots
