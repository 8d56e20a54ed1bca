#include "learner/loop/placed_algorithm.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/algorithms/make_algorithm.h"
#include "common/base/status_macros.h"
#include "common/config/update_work.h"
#include "common/networks/torch_device.h"

namespace recbots {

absl::StatusOr<PlacedAlgorithm> PlaceAlgorithm(const v1::ExperimentConfig& config, const EnvironmentSpec& spec,
                                               int rank) {
  const v1::LearnerConfig& learner = config.learner();
  RECBOTS_ASSIGN_OR_RETURN(const DeviceChoice choice,
                           ChooseDevice(learner.device(), MultiplyAddsOfAnUpdate(config, spec), rank));
  const LearningSetup setup = {.seed = config.seed(),
                               .device = choice.device,
                               .precision = static_cast<MatrixPrecision>(learner.matrix_precision())};
  PlacedAlgorithm placed;
  RECBOTS_ASSIGN_OR_RETURN(placed.algorithm, MakeAlgorithm(config.algorithm(), spec, setup));
  placed.algorithm->AverageWeights(learner.weights_averaging());
  placed.device = choice.device;
  const std::string what = DescribeDevice(choice.device);
  placed.line = absl::StrCat("learning on ", DeviceName(choice.device), choice.device.cuda ? " (" + what + ")" : "",
                             ": ", choice.why);
  return placed;
}

}  // namespace recbots
