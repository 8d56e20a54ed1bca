// A thread that is named and joined. No detach, no naked std::thread elsewhere.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace recbots {

// Runs `body` from construction on; the destructor waits for it. Whoever owns a Thread first tells the body to end.
class Thread {
 public:
  // The name shows in ps and gdb; the kernel keeps its first 15 characters.
  Thread(std::string name, std::function<void()> body);
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

 private:
  std::thread thread_;
};

}  // namespace recbots
