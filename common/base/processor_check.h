// What processor_check.cc and built_for.cc share. It is plain C, because the check runs before any initialisation.
#pragma once

#include <stdint.h>

extern "C" {

// Defined by built_for.cc, constant at load time: the features that the compiler was allowed to use, and RECBOTS_ARCH.
extern const uint64_t recbots_built_for_features;
extern const char recbots_built_for_architecture[];

// The features that the processor has; callable at any time.
uint64_t recbots_machine_features(void);
// One name for each ProcessorFeature.
extern const char* const recbots_feature_names[];

// Every program refers to this symbol, so that the linker includes the check.
extern const char recbots_processor_check;
}
