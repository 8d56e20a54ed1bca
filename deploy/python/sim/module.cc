// The Python extension recbots._sim.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "common/base/crc32c.h"
#include "common/base/instant.h"
#include "common/base/version.h"
#include "deploy/python/sim/binding.h"

namespace recbots {

void Throw(const absl::Status& status) {
  const std::string message(status.message());
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kNotFound:
      throw nb::value_error(message.c_str());
    case absl::StatusCode::kCancelled:
      if (PyErr_Occurred() != nullptr) throw nb::python_error();
      break;
    default:
      break;
  }
  throw std::runtime_error(message);
}

StopQuestion SignalQuestion() {
  return [last = Instant::Now(), stopped = false]() mutable {
    if (stopped || Instant::Now() - last < absl::Milliseconds(50)) return stopped;
    last = Instant::Now();
    const nb::gil_scoped_acquire gil;
    stopped = PyErr_CheckSignals() != 0;
    return stopped;
  };
}

}  // namespace recbots

NB_MODULE(_sim, module) {
  module.doc() = "The simulator of recbots, policies that act in it, and decoding of weights.";
  module.def("version", [] { return std::string(recbots::kVersion); });
  module.def(
      "crc32c",
      [](nanobind::bytes bytes, uint32_t crc) {
        return recbots::Crc32c({bytes.c_str(), bytes.size()}, crc);
      },
      nanobind::arg("bytes"), nanobind::arg("crc") = 0, "CRC-32C of bytes that follow those of the checksum `crc`.");
  recbots::DefineSimulation(module);
  recbots::DefineStepper(module);
  recbots::DefinePolicy(module);
  recbots::DefineWeights(module);
}
