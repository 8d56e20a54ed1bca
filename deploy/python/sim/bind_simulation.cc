// recbots._sim: experiments and their specs.
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <utility>

#include "common/config/config.h"
#include "deploy/python/sim/acting.h"
#include "deploy/python/sim/binding.h"
#include "deploy/python/sim/native_rate.h"
#include "deploy/python/sim/simulation.h"

namespace recbots {
namespace {

nb::dict SpecOf(const Simulation& simulation) {
  const EnvironmentSpec& spec = simulation.spec();
  nb::dict fields;
  fields["name"] = spec.name;
  fields["user_features"] = spec.num_user_features;
  fields["history_features"] = spec.num_history_features;
  fields["candidates"] = spec.num_candidates;
  fields["candidate_features"] = spec.num_candidate_features;
  fields["slate_size"] = spec.slate_size;
  fields["min_slate_size"] = spec.min_slate_size;
  fields["response"] = spec.response_fields;
  fields["fixed_catalogue"] = spec.fixed_catalogue;
  fields["clusters"] = spec.num_clusters;
  fields["quality_feature"] = spec.quality_feature;
  fields["min_reward"] = spec.min_reward;
  fields["max_reward"] = spec.max_reward;
  fields["max_episode_steps"] = spec.max_episode_steps;
  fields["users_per_session"] = spec.users_per_session;
  return fields;
}

std::shared_ptr<const Simulation> Make(const std::string& path, const std::vector<std::string>& overrides) {
  absl::StatusOr<std::shared_ptr<const Simulation>> made;
  {
    const nb::gil_scoped_release unlocked;
    made = Simulation::Create(path, overrides);
  }
  return ValueOrThrow(std::move(made));
}

nb::dict NativeRateOf(const Simulation& simulation, int num_envs, double seconds) {
  absl::StatusOr<NativeRate> rate;
  {
    const nb::gil_scoped_release unlocked;
    rate = MeasureNativeRate(*simulation.scenario(), num_envs, absl::Seconds(seconds));
  }
  ThrowIfError(rate.status());
  nb::dict fields;
  fields["steps"] = rate->steps;
  fields["cpu_seconds"] = rate->cpu_seconds;
  return fields;
}

}  // namespace

void DefineSimulation(nb::module_& module) {
  nb::class_<Simulation>(module, "Simulation")
      .def_prop_ro("spec", SpecOf)
      .def_prop_ro("seed", [](const Simulation& simulation) { return simulation.config().seed(); })
      .def_prop_ro("config", [](const Simulation& simulation) { return PrintExperimentConfig(simulation.config()); })
      .def_prop_ro("policies", [](const Simulation& simulation) { return PolicyNames(*simulation.scenario()); });
  module.def("load", Make, nb::arg("path"), nb::arg("overrides"));
  module.def("native_rate", NativeRateOf, nb::arg("simulation"), nb::arg("num_envs"), nb::arg("seconds"),
             "Steps and processor seconds of a loop in C++ with random slates: the one of recbots-bench env.");
}

}  // namespace recbots
