// A program that this process has started, and talks to by a socket and shared memory.
//
// Each side sends heads of 16 bytes, little-endian: uint64 sequence, uint32 set, uint32 length. With set kMessage, a
// message of recbots.v1.EnvironmentService of `length` bytes follows; Hello comes with the descriptor of the shared
// memory where there is one. With set 0, length is 0, and the head says that the columns of this step lie in shared
// memory. One set is enough because each side is done with the columns when it sends: what the program does not write
// keeps its value from one step to the next.
#pragma once

#include <memory>
#include <string>

#include "actor/external/child.h"
#include "actor/external/messages.h"
#include "actor/scenarios/external/program.h"

namespace recbots {

// Nobody spins: both sides sleep until the other one sends. See UserProgram.
class ChildProgram final : public UserProgram {
 public:
  static constexpr uint32_t kShared = 0;
  static constexpr uint32_t kMessage = 0xffffffff;

  ChildProgram(std::unique_ptr<Child> child, bool shared_memory);
  ~ChildProgram() override;

  absl::Status Begin(const UsersToPlay& users, const ProgramWait& wait) override;
  absl::StatusOr<ExternalSpecOptions> Describe(const ProgramWait& wait) override;
  absl::StatusOr<ProgramColumns> Step(uint64_t sequence, absl::Span<const int32_t> slates,
                                      const ProgramWait& wait) override;
  std::string LastLines() override { return child_->LastLines(); }

 private:
  struct Head {
    uint64_t sequence = 0;
    uint32_t set = 0;
    uint32_t length = 0;
  };
  // Counts how long one call has waited, and for what.
  class Waiting;

  absl::Status HelloAndReady(const UsersToPlay* users, const ProgramWait& wait);
  // Makes memory for the columns.
  absl::Status MakeMemory(const UsersToPlay& users);
  void DropMemory();
  absl::Status SendMessage(const v1::FromActor& message, uint64_t sequence, int descriptor, Waiting& waiting);
  absl::Status Send(const char* bytes, size_t count, int descriptor, Waiting& waiting);
  absl::Status Receive(char* bytes, size_t count, Waiting& waiting);
  // Receives the message behind a head.
  absl::Status ReceiveMessage(const Head& head, Waiting& waiting);
  absl::Status HasEnded(absl::Duration patience);

  const std::unique_ptr<Child> child_;
  const bool wants_shared_memory_;
  bool playing_ = false;
  bool failed_ = false;
  v1::FromEnvironment answer_;
  std::string bytes_;  // Of messages.
  // Shared memory of the users played now.
  std::unique_ptr<SharedLayout> layout_;
  FileDescriptor memory_;
  char* columns_ = nullptr;
};

}  // namespace recbots
