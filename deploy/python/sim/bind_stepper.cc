// recbots._sim: batches of users.
#include "deploy/python/sim/bind_stepper.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/python/sim/binding.h"

namespace recbots {
namespace {

using Narrow = nb::ndarray<const int32_t, nb::c_contig, nb::device::cpu>;
using Wide = nb::ndarray<const int64_t, nb::c_contig, nb::device::cpu>;

absl::StatusOr<AutoReset> ModeOf(const std::string& name) {
  if (name == "SameStep") return AutoReset::kSameStep;
  if (name == "NextStep") return AutoReset::kNextStep;
  if (name == "Disabled") return AutoReset::kDisabled;
  return absl::InvalidArgumentError(absl::StrCat("autoreset_mode '", name, "', want SameStep, NextStep or Disabled"));
}

std::unique_ptr<PyStepper> Make(std::shared_ptr<const Simulation> simulation, int num_envs, uint32_t first_stream,
                                const std::string& mode, bool flat, bool response_in_observation, bool fill_repeats,
                                nb::object make_frame, bool copy) {
  StepperOptions options;
  options.num_users = num_envs;
  options.first_stream = first_stream;
  options.mode = ValueOrThrow(ModeOf(mode));
  options.flat = flat;
  options.response_in_observation = response_in_observation;
  options.fill_repeats = fill_repeats;
  return std::make_unique<PyStepper>(ValueOrThrow(Stepper::Create(std::move(simulation), options)),
                                     Frames(std::move(make_frame), !copy));
}

nb::object Reset(PyStepper& self, std::optional<uint64_t> seed) {
  const PyStepper::Use use(self);
  const Frame& frame = self.frames.Next();
  absl::Status status;
  {
    const nb::gil_scoped_release unlocked;
    if (seed.has_value()) status = self.stepper->Seed(*seed);
    if (status.ok()) self.stepper->Reset(frame);
  }
  ThrowIfError(status);
  return self.frames.Take();
}

nb::object ResetSome(PyStepper& self, const nb::ndarray<const bool, nb::ndim<1>, nb::c_contig, nb::device::cpu>& mask) {
  const PyStepper::Use use(self);
  if (!self.stepper->started())
    Throw(absl::FailedPreconditionError("reset_mask: no episode has begun, reset all first"));
  const Frame& last = self.frames.current();
  const Frame& frame = self.frames.Next();
  const absl::Span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(mask.data()), mask.size());
  absl::Status status;
  {
    const nb::gil_scoped_release unlocked;
    status = self.stepper->ResetSome(bytes, last, frame);
  }
  ThrowIfError(status);
  return self.frames.Take();
}

nb::tuple Advance(PyStepper& self, const Actions& actions) {
  const PyStepper::Use use(self);
  const Frame& frame = self.frames.Next();
  absl::StatusOr<bool> ended;
  {
    const nb::gil_scoped_release unlocked;
    ended = self.stepper->Step(actions, frame);
  }
  ThrowIfError(ended.status());
  return nb::make_tuple(self.frames.Take(), *ended);
}

nb::tuple Step(PyStepper& self, const nb::handle actions) {
  Narrow narrow;
  if (nb::try_cast(actions, narrow, /*convert=*/false)) return Advance(self, {{narrow.data(), narrow.size()}, {}});
  Wide wide;
  if (nb::try_cast(actions, wide, /*convert=*/false)) return Advance(self, {{}, {wide.data(), wide.size()}});
  throw nb::type_error("actions: want a contiguous array of int32 or int64");
}

// One user: a position where K = 1, or any sequence of K positions.
nb::tuple StepOne(PyStepper& self, const nb::handle action) {
  if (self.stepper->started() && self.stepper->waiting()[0] != 0) {
    Throw(absl::FailedPreconditionError("step: the episode is over, call reset()"));
  }
  const auto size = static_cast<size_t>(self.stepper->spec().slate_size);
  const auto position = [](const nb::handle number) {
    const Py_ssize_t value = PyNumber_AsSsize_t(number.ptr(), nullptr);
    if (value == -1 && PyErr_Occurred() != nullptr) throw nb::python_error();
    return static_cast<int64_t>(value);
  };
  std::vector<int64_t>& slate = self.slate;
  slate.clear();
  const Py_ssize_t length = PySequence_Check(action.ptr()) != 0 ? PySequence_Size(action.ptr()) : -1;
  if (length < 0) PyErr_Clear();  // A number, or an array without dimensions.
  if (length >= 0) {
    if (static_cast<size_t>(length) != size) {
      Throw(absl::InvalidArgumentError(absl::StrCat("action has ", length, " positions, want ", size)));
    }
    for (Py_ssize_t i = 0; i < length; ++i) slate.push_back(position(nb::steal(PySequence_GetItem(action.ptr(), i))));
  } else if (size == 1) {
    slate.push_back(position(action));
  } else {
    Throw(absl::InvalidArgumentError(absl::StrCat("action is one number, want ", size, " positions")));
  }
  return Advance(self, {{}, slate});
}

nb::object Positions(const PyStepper& self) {
  const absl::Span<const StreamPosition> positions = self.stepper->positions();
  auto* const values = new std::vector<uint32_t>();
  for (const StreamPosition& p : positions) values->insert(values->end(), {p.stream, p.episode, p.step});
  const nb::capsule owner(values, [](void* memory) noexcept { delete static_cast<std::vector<uint32_t>*>(memory); });
  return nb::cast(nb::ndarray<nb::numpy, uint32_t>(values->data(), {positions.size(), 3}, owner));
}

nb::list References(PyStepper& self, int64_t episodes) {
  const PyStepper::Use use(self);
  absl::StatusOr<std::vector<ReferenceValue>> values;
  {
    const nb::gil_scoped_release unlocked;
    values = self.stepper->simulation().References(self.stepper->scenario(), episodes, SignalQuestion());
  }
  ThrowIfError(values.status());
  nb::list list;
  for (const ReferenceValue& value : *values) list.append(nb::make_tuple(value.name, value.value, value.ci95));
  return list;
}

}  // namespace

PyStepper::Use::Use(PyStepper& stepper) : stepper_(stepper) {
  if (stepper_.in_use.exchange(true)) {
    throw std::runtime_error("another thread is using this environment: give each thread one of its own");
  }
}

void DefineStepper(nb::module_& module) {
  nb::class_<PyStepper>(module, "Stepper")
      .def("reset", Reset, nb::arg("seed").none())
      .def("reset_some", ResetSome, nb::arg("mask"))
      .def("step", Step, nb::arg("actions"))
      .def("step_one", StepOne, nb::arg("action"))
      .def("references", References, nb::arg("episodes"))
      .def_prop_ro("positions", Positions, "uint32 [B, 3]: stream, episode and step of each user.")
      .def_prop_ro("waiting", [](const PyStepper& self) {
        const absl::Span<const uint8_t> waiting = self.stepper->waiting();
        return nb::bytes(waiting.data(), waiting.size());
      });
  module.def("make_stepper", Make, nb::arg("simulation"), nb::arg("num_envs"), nb::arg("first_stream"),
             nb::arg("autoreset_mode"), nb::arg("flat"), nb::arg("response_in_observation"), nb::arg("fill_repeats"),
             nb::arg("make_frame"), nb::arg("copy"));
}

}  // namespace recbots
