// LibTorch on one thread: more only wait at the sizes of a bot's networks.
#pragma once

namespace recbots {

// For the whole process.
void UseOneThread();

}  // namespace recbots
