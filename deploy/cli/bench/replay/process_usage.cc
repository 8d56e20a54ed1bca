#include "deploy/cli/bench/replay/process_usage.h"

#include <dirent.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace recbots::replay_bench {
namespace {

double Now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::vector<pid_t> Threads(pid_t pid) {
  std::vector<pid_t> threads;
  DIR* dir = opendir(absl::StrCat("/proc/", pid, "/task").c_str());
  if (dir == nullptr) return threads;
  while (const dirent* entry = readdir(dir)) {
    pid_t thread = 0;
    if (absl::SimpleAtoi(entry->d_name, &thread)) threads.push_back(thread);
  }
  closedir(dir);
  return threads;
}

}  // namespace

double CpuSeconds(pid_t pid) {
  // The sum of utime and stime of /proc/PID/stat, but in nanoseconds instead of ticks of 10 ms.
  clockid_t clock{};
  return clock_getcpuclockid(pid, &clock) == 0 ? Now(clock) : 0;
}

int64_t ResidentBytes(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/statm"));
  int64_t pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

int64_t VoluntarySwitches(pid_t pid) {
  int64_t sum = 0;
  for (const pid_t thread : Threads(pid)) {
    std::ifstream file(absl::StrCat("/proc/", pid, "/task/", thread, "/status"));
    for (std::string word; file >> word;) {
      int64_t switches = 0;
      if (word == "voluntary_ctxt_switches:" && file >> switches) sum += switches;
    }
  }
  return sum;
}

double BusySeconds() {
  // Idle time is exact if ticks stop for idle processors, while user and system time are sampled by ticks.
  std::ifstream file("/proc/stat");
  std::string name;
  double user, nice, system, idle, waiting;
  file >> name >> user >> nice >> system >> idle >> waiting;
  return Now(CLOCK_MONOTONIC) * NumProcessors() - (idle + waiting) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

int64_t LoopbackBytes() {
  std::ifstream file("/proc/net/dev");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find("lo:");
    if (colon == std::string::npos) continue;
    std::istringstream counters(line.substr(colon + 3));
    int64_t bytes = 0;
    counters >> bytes;
    return bytes;
  }
  return 0;
}

int NumProcessors() {
  static const int processors = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  return processors;
}

void PinProcess(pid_t pid, int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < NumProcessors(); ++i) {
    if (processor < 0 || i == processor) CPU_SET(i, &set);
  }
  for (const pid_t thread : Threads(pid)) sched_setaffinity(thread, sizeof(set), &set);
}

ForeignLoad::ForeignLoad(pid_t server, pid_t other)
    : server_(server), other_(other), start_(Now(CLOCK_MONOTONIC)), others_at_start_(Others()) {}

double ForeignLoad::Others() const {
  return BusySeconds() - CpuSeconds(getpid()) - (server_ > 0 ? CpuSeconds(server_) : 0) -
         (other_ > 0 ? CpuSeconds(other_) : 0);
}

double ForeignLoad::share() const {
  const double seconds = Now(CLOCK_MONOTONIC) - start_;
  return std::max(0.0, Others() - others_at_start_) / (seconds * NumProcessors());
}

}  // namespace recbots::replay_bench
