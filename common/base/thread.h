// A thread that is named and joined. Nothing else uses std::thread, and no thread is detached.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace recbots {

// Runs `body` from construction on; the destructor waits until `body` returns. The owner tells the body to end before
// it destroys the Thread.
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
