// A program that claims to be compiled for a processor that does not exist. It must say so before anything of it runs:
// neither its main, nor what initialises it.
#include <unistd.h>

#include "common/base/processor_check.h"

extern "C" {
const uint64_t recbots_built_for_features = uint64_t{1} << 63;
const char recbots_built_for_architecture[] = "made-up";
}

namespace {

struct Initialised {
  Initialised() {
    if (recbots_processor_check != 0) [[maybe_unused]]
      const ssize_t written = write(STDERR_FILENO, "initialised\n", 12);
  }
} initialised;

}  // namespace

int main() { return 0; }
