// The Python extension recbots._sim.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <string>

#include "common/base/crc32c.h"
#include "common/base/version.h"

namespace recbots {
namespace {

namespace nb = nanobind;

NB_MODULE(_sim, module) {
  module.def("version", [] { return std::string(kVersion); });
  module.def("crc32c", [](nb::bytes bytes) { return Crc32c({bytes.c_str(), bytes.size()}); });
}

}  // namespace
}  // namespace recbots
