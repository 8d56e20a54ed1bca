// Loaded before the C library (LD_PRELOAD): a wall clock that somebody sets while a program runs. The file named by
// RECBOTS_WALL_CLOCK_OFFSET holds the seconds by which it goes ahead; it is read at every look at the clock, so that a
// test can jump at any moment. The monotonic clock is left alone, as by the kernel.
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

namespace {

time_t Offset() {
  const char* const path = getenv("RECBOTS_WALL_CLOCK_OFFSET");
  FILE* const file = path == nullptr ? nullptr : fopen(path, "re");
  if (file == nullptr) return 0;
  long seconds = 0;
  if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
  fclose(file);
  return seconds;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) {
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += Offset();
  return result;
}

int gettimeofday(timeval* now, void*) {
  timespec real{};
  clock_gettime(CLOCK_REALTIME, &real);
  *now = {real.tv_sec, real.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* now) {
  timespec real{};
  clock_gettime(CLOCK_REALTIME, &real);
  if (now != nullptr) *now = real.tv_sec;
  return real.tv_sec;
}

}  // extern "C"
