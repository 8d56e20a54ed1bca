// Everything that an algorithm changes while it learns, in one place, so that all of it can be saved, copied or reduced
// over as a whole. Two kinds of memory, each named and contiguous:
//   tensors  one flat tensor of five arenas, in this order: parameters, their targets (slow copies of the first
//            `num_targets` tensors), Adam's means, Adam's variances, gradients. One layout describes all of them.
//   numbers  float64: counters, which are whole, and running means
// Beside them, where it is asked for, an average of the parameters.
// Offsets are resolved at construction: learners keep views (Part) and references (Number), and look nothing up while
// they learn.
//
// The tensors lie on any device, the numbers always in plain memory. Copies share their memory, as tensors do.
// Functions throw c10::Error (torch_status.h) unless they return a status. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/inference/tensor_spec.h"
#include "common/networks/parameter_arena.h"

namespace recbots {

// What a state consists of. Learners that share a state add their parts one after the other.
struct TrainingSpec {
  struct Number {
    std::string name;
    bool counter = true;  // A whole number of at least 0 and below 2^53; otherwise any finite number.
  };
  std::vector<TensorSpec> tensors;
  size_t num_targets = 0;  // The first tensors of this number have a target.
  std::vector<Number> numbers;
};

// The five arenas, or the same range of tensors of each. `targets` ends where the tensors end that have one.
struct TrainingTensors {
  ParameterArena parameters, targets, mean, variance, gradients;
};

class TrainingState {
 public:
  TrainingState() = default;
  // All zero; of at::kFloat or at::kDouble, on any device.
  TrainingState(const TrainingSpec& spec, const at::TensorOptions& options);

  // [5 arenas]: all of them, the gradients last.
  const at::Tensor& flat() const { return flat_; }
  const TrainingTensors& all() const { return all_; }
  // The tensors of these names, which must lie one behind the other in this order.
  TrainingTensors Part(absl::Span<const TensorSpec> tensors) const;
  // Keeps an average of the parameters, in an arena of its own, from now on; it begins with the parameters. Copies that
  // were made before do not have it.
  void KeepAverage();
  // The average; undefined memory where none is kept.
  const ParameterArena& average() const { return average_; }
  // Moves each number of the average to that of the parameters by `share`, 0..1; 1 makes it the same.
  void MoveAverage(double share);
  // The number of that name; there must be one. The reference lives as long as any copy of the state.
  double& Number(absl::string_view name) const;

  // Makes `copy` a state of its own in plain memory with the same content, the gradients left out. Memory that `copy`
  // has from an earlier call is used again. Waits until a device has done what it was asked to.
  void CopyTo(TrainingState& copy) const;
  // Whether all parameters are finite: on the CPU quick enough for every update, about a nanosecond for 16 of them; a
  // GPU is waited for.
  bool ParametersFinite() const;
  // FAILED_PRECONDITION: a value that no learner can go on from, as Load refuses; the message names it.
  absl::Status CheckFinite() const;

  // Everything but the gradients, which every step overwrites, as bytes (docs/formats.md): a learner that loads them
  // goes on exactly as the one that saved them.
  std::string Save() const;
  // INVALID_ARGUMENT: not bytes of Save, damaged, or of a state of other tensors; or a value that no learner can go on
  // from (not finite, a variance below 0, a counter that is not whole). The message names the tensor, what it is and
  // what is wanted; nothing has changed.
  absl::Status Load(absl::string_view saved);
  // For a learner that begins where another one ended, maybe of another shape: loads the parameters and targets whose
  // name and shape are the same, and nothing else. Returns those that were not loaded, each with the reason, such as
  // "'critic.w1' float32 [64, 14]: the other run has 'critic.w1' float32 [64, 12]"; parameters only, because targets go
  // with them.
  //   INVALID_ARGUMENT  not bytes of Save, damaged, or a value that is not finite; nothing has changed
  absl::StatusOr<std::vector<std::string>> LoadFitting(absl::string_view saved);

 private:
  struct Entry;  // A named piece of memory, as it is saved.
  struct Saved;  // The same in bytes of Save.
  std::vector<Entry> Entries() const;
  // This state, or a copy of it where it does not lie in plain memory; and back, the gradients left out.
  TrainingState InPlainMemory() const;
  void Take(const TrainingState& copy);

  TrainingSpec spec_;
  at::Tensor flat_, numbers_;
  TrainingTensors all_;
  ParameterArena average_;
};

}  // namespace recbots
