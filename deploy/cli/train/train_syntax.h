// How `recbots train` is called: the program recbots-train reads its flags so, and `recbots` completes them without
// LibTorch.
#pragma once

#include "common/base/command_line.h"

namespace recbots {

CommandSyntax TrainSyntax();

}  // namespace recbots
