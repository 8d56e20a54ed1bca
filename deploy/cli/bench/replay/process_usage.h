// How much of this machine processes use, as the kernel counts it.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace recbots::replay_bench {

// User and system time of all threads of a process, in seconds; 0 if there is no such process.
double CpuSeconds(pid_t pid);
// Memory of a process that is in RAM now; 0 if there is no such process.
int64_t ResidentBytes(pid_t pid);
// How often the threads of a process gave up the processor to wait.
int64_t VoluntarySwitches(pid_t pid);
// Seconds during which processors were busy, summed over all processors and processes.
double BusySeconds();
// Bytes sent over the loopback device, headers included.
int64_t LoopbackBytes();
int NumProcessors();

// Moves all threads of a process to one processor; with -1 to all processors. New threads run where their maker runs.
void PinProcess(pid_t pid, int processor);

// Notices other processes at work on this machine.
class ForeignLoad {
 public:
  // `server` and `other` are our processes besides this one, or 0.
  explicit ForeignLoad(pid_t server = 0, pid_t other = 0);
  // Adds a process of ours that was started later.
  void Adopt(pid_t server) { server_ = server; }
  // The share of all processors that other processes have used since construction.
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
