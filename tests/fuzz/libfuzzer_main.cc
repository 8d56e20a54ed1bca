// One target (RECBOTS_FUZZ_TARGET: the name of a function) as libFuzzer wants it.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz_targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  recbots::replay::RECBOTS_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
