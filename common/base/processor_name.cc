#include "common/base/processor_name.h"

#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace recbots {

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  return ProcessorNameIn({std::istreambuf_iterator<char>(file), {}});
}

std::string ProcessorNameIn(const std::string& cpuinfo) {
  std::string name, family, model;
  std::istringstream lines(cpuinfo);
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string key(absl::StripAsciiWhitespace(line.substr(0, colon)));
    const std::string value(absl::StripAsciiWhitespace(line.substr(colon + 1)));
    if (key == "model name") name = value;
    if (key == "cpu family") family = value;
    if (key == "model") model = value;
  }
  if (name.empty()) return "unknown";
  return absl::StrCat(name, family.empty() ? "" : ", family ", family, model.empty() ? "" : ", model ", model);
}

}  // namespace recbots
