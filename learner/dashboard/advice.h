// What limits a run, and what to do about it, in words.
#pragma once

#include <string>

#include "learner/run/status_line.h"

namespace recbots {

// One or two sentences for people who look at a run whose status line is `line`: what StatusLine::bound_by means, and
// which settings change it.
std::string WhatToDo(const StatusLine& line);

}  // namespace recbots
