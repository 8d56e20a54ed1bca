// What the files that define recbots._sim share.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/stop.h"

namespace recbots {

namespace nb = nanobind;

// Throws what `status` is in Python: ValueError for INVALID_ARGUMENT, OUT_OF_RANGE and NOT_FOUND, KeyboardInterrupt
// where a signal cancelled, RuntimeError for all else.
[[noreturn]] void Throw(const absl::Status& status);

inline void ThrowIfError(const absl::Status& status) {
  if (!status.ok()) Throw(status);
}

template <typename T>
T ValueOrThrow(absl::StatusOr<T> value) {
  if (!value.ok()) Throw(value.status());
  return *std::move(value);
}

// True once a signal's handler in Python has raised (Ctrl-C). For work without the GIL; asks twenty times a second.
StopQuestion SignalQuestion();

// Parts of the module.
void DefineSimulation(nb::module_& module);
void DefineStepper(nb::module_& module);
void DefinePolicy(nb::module_& module);
void DefineWeights(nb::module_& module);

}  // namespace recbots
