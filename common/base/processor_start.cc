// Ends a program that was compiled for more than the processor has, with a sentence instead of SIGILL.
//
// This file is compiled for plain x86-64, and uses nothing but its own functions, those of processor_check.cc and two
// system calls: a function from a header might be the copy that the linker took from a file compiled for more. The
// check stands in .preinit_array, which runs before the constructors of shared libraries: those may call functions of
// ours (templates that both have). Shared libraries cannot have such a section, so this file is a part of programs
// only.
#include <unistd.h>

#include "common/base/processor.h"
#include "common/base/processor_check.h"

extern "C" {

const char recbots_processor_check = 1;

}  // extern "C"

#ifdef __x86_64__
namespace {

void Say(const char* text) {
  size_t length = 0;
  while (text[length] != 0) ++length;
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, length);
}

void CheckProcessor(int, char** argv, char**) {
  const uint64_t missing = recbots_built_for_features & ~recbots_machine_features();
  if (missing == 0) return;
  Say(argv[0]);
  Say(": this program was compiled for another processor (RECBOTS_ARCH=");
  Say(recbots_built_for_architecture);
  Say("), and this one lacks");
  for (int i = 0; i < 64; ++i) {
    if ((missing >> i & 1) == 0) continue;
    Say(" ");
    Say(i < static_cast<int>(recbots::ProcessorFeature::kNumFeatures) ? recbots_feature_names[i] : "more");
  }
  Say(". Build it on this machine, or configure it with -DRECBOTS_ARCH=x86-64-v3 (most processors since 2015) or "
      "-DRECBOTS_ARCH=x86-64 (all).\n");
  _exit(1);
}

using Initialiser = void (*)(int, char**, char**);
__attribute__((section(".preinit_array"), used)) Initialiser check_processor = CheckProcessor;

}  // namespace
#endif
