// recbots._sim: policies.
#include <nanobind/ndarray.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "deploy/python/sim/acting.h"
#include "deploy/python/sim/bind_stepper.h"
#include "deploy/python/sim/binding.h"

namespace recbots {
namespace {

using Floats = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;

// A policy for the users of one stepper, which has the seed it had when the policy was made.
struct PyPolicy {
  std::unique_ptr<Policy> policy;
  std::shared_ptr<const Scenario> scenario;  // Policies may refer to it.
};

std::unique_ptr<PyPolicy> MakeNamed(const PyStepper& stepper, const std::string& name, uint64_t seed) {
  const Stepper& users = *stepper.stepper;
  return std::make_unique<PyPolicy>(PyPolicy{
      ValueOrThrow(MakeNamedPolicy(users.simulation(), users.scenario(), name, seed)), users.shared_scenario()});
}

std::unique_ptr<PyPolicy> MakeLearnt(const PyStepper& stepper, const Simulation& run, nb::bytes weights,
                                     bool any_experiment) {
  const Stepper& users = *stepper.stepper;
  return std::make_unique<PyPolicy>(
      PyPolicy{ValueOrThrow(MakeLearntPolicy(run, users.simulation(), {weights.c_str(), weights.size()},
                                             users.options().num_users, any_experiment)),
               users.shared_scenario()});
}

template <typename T>
nb::object NewArray(std::vector<T>* values, std::initializer_list<size_t> shape) {
  const nb::capsule owner(values, [](void* memory) noexcept { delete static_cast<std::vector<T>*>(memory); });
  return nb::cast(nb::ndarray<nb::numpy, T>(values->data(), shape, owner));
}

void CheckSize(const char* name, size_t size, size_t want) {
  if (size == want) return;
  Throw(absl::InvalidArgumentError(absl::StrCat(name, " has ", size, " numbers, want ", want)));
}

// The slates int32 [B, K], and float32 [B], the probability of each.
nb::tuple Act(PyPolicy& self, PyStepper& stepper, const Floats& user, const Floats& doc) {
  const PyStepper::Use use(stepper);
  const Stepper& users = *stepper.stepper;
  const EnvironmentSpec& spec = users.spec();
  if (!users.started()) Throw(absl::FailedPreconditionError("act: no episode has begun, call reset() first"));
  const auto b = static_cast<size_t>(users.options().num_users), k = static_cast<size_t>(spec.slate_size);
  CheckSize("observation 'user'", user.size(), b * static_cast<size_t>(spec.num_user_features));
  CheckSize("observation 'doc'", doc.size(),
            b * static_cast<size_t>(spec.num_candidates) * static_cast<size_t>(spec.num_candidate_features));
  auto slates = std::make_unique<std::vector<int32_t>>(b * k);
  auto probability = std::make_unique<std::vector<float>>(b);
  {
    const nb::gil_scoped_release unlocked;
    self.policy->Act({{user.data(), user.size()}, users.positions(), {doc.data(), doc.size()}},
                     {absl::MakeSpan(*slates), absl::MakeSpan(*probability)});
  }
  return nb::make_tuple(NewArray(slates.release(), {b, k}), NewArray(probability.release(), {b}));
}

void Observe(PyPolicy& self, PyStepper& stepper) {
  const PyStepper::Use use(stepper);
  if (!stepper.stepper->started()) Throw(absl::FailedPreconditionError("observe: no step has been made"));
  self.policy->Observe(stepper.stepper->Feedback(stepper.frames.current()));
}

}  // namespace

void DefinePolicy(nb::module_& module) {
  nb::class_<PyPolicy>(module, "Policy")
      .def("act", Act, nb::arg("stepper"), nb::arg("user"), nb::arg("doc"))
      .def("observe", Observe, nb::arg("stepper"))
      .def_prop_ro("learns", [](const PyPolicy& self) { return self.policy->learns(); })
      .def_prop_ro("stationary", [](const PyPolicy& self) { return self.policy->stationary(); });
  module.def("make_named_policy", MakeNamed, nb::arg("stepper"), nb::arg("name"), nb::arg("seed"));
  module.def("make_learnt_policy", MakeLearnt, nb::arg("stepper"), nb::arg("run"), nb::arg("weights"),
             nb::arg("any_experiment"));
}

}  // namespace recbots
