#include "actor/scenarios/document_browsing/model.h"

#include "actor/scenarios/document_browsing/acceptance_matrix.h"
#include "actor/scenarios/document_browsing/policies.h"

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

DocumentBrowsingOptions WithMatrix(DocumentBrowsingOptions options) {
  if (!options.acceptance.empty()) return options;
  options.acceptance = GenerateAcceptance(options.num_documents, options.exit_probability_accepted,
                                          options.exit_probability_refused, options.matrix_seed);
  return options;
}

}  // namespace

DocumentBrowsingModel::DocumentBrowsingModel(const Options& options)
    : options_(WithMatrix(options)),
      spec_(SpecOf(options_)),
      num_documents_(static_cast<uint32_t>(options_.num_documents)),
      stay_accepted_(StayThreshold(options_.exit_probability_accepted)),
      stay_refused_(StayThreshold(options_.exit_probability_refused)),
      acceptance_(options_.acceptance.data()),
      reference_(std::make_shared<const BrowsingReference>(options_)) {}

}  // namespace recbots
