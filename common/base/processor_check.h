// Between processor_check.cc and built_for.cc: plain C, because the check runs before any initialisation.
#pragma once

#include <stdint.h>

extern "C" {

// Defined by built_for.cc, constant at load time: what the compiler was allowed to use, and RECBOTS_ARCH.
extern const uint64_t recbots_built_for_features;
extern const char recbots_built_for_architecture[];

// What the processor has; callable at any time.
uint64_t recbots_machine_features(void);
// One for each ProcessorFeature.
extern const char* const recbots_feature_names[];

// A symbol that every program asks for, so that the linker takes the check in.
extern const char recbots_processor_check;
}
