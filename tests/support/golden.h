// Reads the reference data of tests/golden, or of RECBOTS_GOLDEN_DIR where it is set, so that other cases of the same
// format can be put through the same tests.
#pragma once

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace recbots::testing {

inline std::string GoldenDir() {
  const char* dir = std::getenv("RECBOTS_GOLDEN_DIR");
  return dir != nullptr && *dir != '\0' ? dir : RECBOTS_SOURCE_DIR "/tests/golden";
}

// "recsim/browse_step.json" -> the parsed file; throws (and so fails the test) when it cannot be read.
inline nlohmann::json ReadGolden(const std::string& name) {
  const std::string path = GoldenDir() + "/" + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read golden file " + path);
  return nlohmann::json::parse(file);
}

}  // namespace recbots::testing
