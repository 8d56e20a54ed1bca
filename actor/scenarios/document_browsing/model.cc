#include "actor/scenarios/document_browsing/model.h"

#include "absl/strings/str_cat.h"
#include "actor/scenarios/document_browsing/acceptance_matrix.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

EnvironmentSpec SpecOf(const DocumentBrowsingOptions& options) {
  EnvironmentSpec spec;
  spec.name = "document_browsing";
  spec.num_user_features = options.num_documents;
  spec.num_candidates = options.num_documents;
  spec.slate_size = 1;
  spec.response_fields = {"accepted"};
  spec.fixed_catalogue = true;
  spec.min_reward = 0;
  spec.max_reward = 1;
  spec.max_episode_steps = options.max_episode_steps;
  return spec;
}

}  // namespace

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

DocumentBrowsingModel::DocumentBrowsingModel(DocumentBrowsingOptions options)
    : options_(std::move(options)),
      spec_(SpecOf(options_)),
      num_documents_(static_cast<uint32_t>(options_.num_documents)),
      stay_accepted_(StayThreshold(options_.exit_probability_accepted)),
      stay_refused_(StayThreshold(options_.exit_probability_refused)),
      acceptance_(options_.acceptance.data()) {}

}  // namespace recbots
