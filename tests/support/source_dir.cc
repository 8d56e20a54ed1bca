#include "tests/support/source_dir.h"

namespace recbots::testing {

std::string SourceDir() { return RECBOTS_SOURCE_DIR; }

}  // namespace recbots::testing
