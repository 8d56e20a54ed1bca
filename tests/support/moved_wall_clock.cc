// Loaded before the C library (LD_PRELOAD): a wall clock that somebody sets while a program runs. The file named by
// RECBOTS_WALL_CLOCK_OFFSET holds the seconds by which it goes ahead; it is read at every look at the clock, so that a
// test can jump at any moment. The monotonic clock is left alone, as by the kernel. Waits until a time of the wall
// clock (Abseil's, and with them gRPC's timers) end at that time as it is set when they begin; a jump during a wait
// does not reach it.
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
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

// The system call itself: `syscall` is replaced below.
long Call(long number, const long (&arguments)[6]) {
  register long fourth asm("r10") = arguments[3];
  register long fifth asm("r8") = arguments[4];
  register long sixth asm("r9") = arguments[5];
  long result = number;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]), "r"(fourth), "r"(fifth), "r"(sixth)
               : "rcx", "r11", "memory");
  if (result >= 0 || result < -4095) return result;
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace

extern "C" {

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  timespec until{};
  if (number == SYS_futex && (arguments[1] & FUTEX_CLOCK_REALTIME) != 0 && arguments[3] != 0) {
    until = *reinterpret_cast<const timespec*>(arguments[3]);
    until.tv_sec -= Offset();
    arguments[3] = reinterpret_cast<long>(&until);
  }
  return Call(number, arguments);
}

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
