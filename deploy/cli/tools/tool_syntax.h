// How the commands of recbots-tools are called: that program reads their flags so, and `recbots` completes them.
#pragma once

#include "common/base/command_line.h"

namespace recbots {

CommandSyntax BenchSyntax();
CommandSyntax InspectSyntax();
CommandSyntax ReproduceSyntax();

}  // namespace recbots
