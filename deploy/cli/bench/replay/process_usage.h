// What processes and others take of this machine, as the kernel counts it.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace recbots::replay_bench {

// User and system time of a process, all its threads, in seconds; 0 when there is none of that id.
double CpuSeconds(pid_t pid);
// Memory of a process that is in RAM now; 0 when there is none of that id.
int64_t ResidentBytes(pid_t pid);
// Times the threads of a process have given up the processor to wait for something.
int64_t VoluntarySwitches(pid_t pid);
// Time during which processors, all together, were not idle, no matter which process used them.
double BusySeconds();
// Bytes sent over the loopback device, headers included.
int64_t LoopbackBytes();
int NumProcessors();

// All threads of a process on one processor, or on all with -1. Threads made later are where their maker is.
void PinProcess(pid_t pid, int processor);

// Notices others at work on this machine.
class ForeignLoad {
 public:
  // Processes that are ours beside this one; 0: there is none.
  explicit ForeignLoad(pid_t server = 0, pid_t other = 0);
  // One that was started since.
  void Adopt(pid_t server) { server_ = server; }
  // Share of all processors that others took since the construction.
  double share() const;
  // More than the 5 % that the protocol allows.
  bool disturbed() const { return share() > 0.05; }

 private:
  double Others() const;

  pid_t server_;
  pid_t other_;
  double start_;
  double others_at_start_;
};

}  // namespace recbots::replay_bench
