#include "actor/external/child_program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots {

class ChildProgram::Waiting {
 public:
  Waiting(ChildProgram& program, const ProgramWait& wait, absl::string_view thing)
      : program_(program), wait_(wait), thing_(thing), start_(Instant::Now()) {}

  // Called when nothing has come for a turn.
  absl::Status Turn() {
    RECBOTS_RETURN_IF_ERROR(CheckStop(wait_.stop));
    if (const absl::Status ended = program_.HasEnded(absl::ZeroDuration()); !ended.ok()) return ended;
    const Instant now = Instant::Now();
    if (now >= wait_.deadline) {
      return absl::DeadlineExceededError(absl::StrCat("waited ", WaitedText(now - start_), " for ", thing_));
    }
    if (!shown_.has_value()) {
      shown_.emplace(wait_.waits, WaitFor{.thing = thing_, .peer = "the environment", .deadline = wait_.deadline},
                     start_);
    }
    return absl::OkStatus();
  }

 private:
  ChildProgram& program_;
  const ProgramWait& wait_;
  const absl::string_view thing_;
  const Instant start_;
  std::optional<ScopedWait> shown_;
};

ChildProgram::ChildProgram(std::unique_ptr<Child> child, bool shared_memory)
    : child_(std::move(child)), wants_shared_memory_(shared_memory) {}

ChildProgram::~ChildProgram() {
  DropMemory();
  if (failed_) child_->Kill();
}

void ChildProgram::DropMemory() {
  if (columns_ != nullptr) munmap(columns_, layout_->num_bytes);
  columns_ = nullptr;
  layout_.reset();
  memory_ = FileDescriptor();
}

absl::Status ChildProgram::MakeMemory(const UsersToPlay& users) {
  DropMemory();
  if (!wants_shared_memory_) return absl::OkStatus();
  layout_ = std::make_unique<SharedLayout>(users.spec, users.num_users);
  const size_t bytes = layout_->num_bytes;
  const auto failed = [this, bytes](const char* what) {
    const absl::Status status =
        absl::UnavailableError(absl::StrCat("cannot ", what, " ", bytes, " bytes of shared memory: ", strerror(errno)));
    DropMemory();
    return status;
  };
  memory_ = FileDescriptor(memfd_create("recbots-columns", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory_.is_open() || ftruncate(memory_.get(), static_cast<off_t>(bytes)) != 0) return failed("make");
  // The program cannot take the memory away from under this process.
  if (fcntl(memory_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return failed("seal");
  void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
  if (mapped == MAP_FAILED) return failed("map");
  columns_ = static_cast<char*>(mapped);
  return absl::OkStatus();
}

absl::Status ChildProgram::HasEnded(absl::Duration patience) {
  std::string how;
  if (!child_->AwaitEnd(patience, &how)) return absl::OkStatus();
  return absl::UnavailableError(how);
}

absl::Status ChildProgram::Send(const char* bytes, size_t count, int descriptor, Waiting& waiting) {
  while (count > 0) {
    iovec part = {const_cast<char*>(bytes), count};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (descriptor >= 0) {
      message.msg_control = control;
      message.msg_controllen = sizeof(control);
      cmsghdr* const head = CMSG_FIRSTHDR(&message);
      head->cmsg_level = SOL_SOCKET;
      head->cmsg_type = SCM_RIGHTS;
      head->cmsg_len = CMSG_LEN(sizeof(int));
      memcpy(CMSG_DATA(head), &descriptor, sizeof(int));
    }
    const ssize_t sent = sendmsg(child_->socket(), &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes += sent;
      count -= static_cast<size_t>(sent);
      descriptor = -1;
      continue;
    }
    if (errno == EAGAIN || errno == EINTR) {
      RECBOTS_RETURN_IF_ERROR(waiting.Turn());
      continue;
    }
    RECBOTS_RETURN_IF_ERROR(HasEnded(absl::Seconds(1)));
    return absl::UnavailableError(absl::StrCat("its socket is closed: ", strerror(errno)));
  }
  return absl::OkStatus();
}

absl::Status ChildProgram::Receive(char* bytes, size_t count, Waiting& waiting) {
  while (count > 0) {
    const ssize_t got = recv(child_->socket(), bytes, count, 0);
    if (got > 0) {
      bytes += got;
      count -= static_cast<size_t>(got);
      continue;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      RECBOTS_RETURN_IF_ERROR(waiting.Turn());
      continue;
    }
    RECBOTS_RETURN_IF_ERROR(HasEnded(absl::Seconds(1)));
    return absl::UnavailableError("it has closed its socket");
  }
  return absl::OkStatus();
}

absl::Status ChildProgram::SendMessage(const v1::FromActor& message, uint64_t sequence, int descriptor,
                                       Waiting& waiting) {
  bytes_.resize(sizeof(Head));
  message.AppendToString(&bytes_);
  const Head head = {sequence, kMessage, static_cast<uint32_t>(bytes_.size() - sizeof(Head))};
  memcpy(bytes_.data(), &head, sizeof(head));
  return Send(bytes_.data(), bytes_.size(), descriptor, waiting);
}

absl::Status ChildProgram::ReceiveMessage(const Head& head, Waiting& waiting) {
  if (head.set != kMessage) {
    return absl::DataLossError(absl::StrCat("it sent a head with set ", head.set, " where a message is due"));
  }
  if (head.length > uint32_t{1} << 30) {
    return absl::DataLossError(absl::StrCat("its message has ", head.length, " bytes, want at most ", 1 << 30));
  }
  bytes_.resize(head.length);
  RECBOTS_RETURN_IF_ERROR(Receive(bytes_.data(), bytes_.size(), waiting));
  if (answer_.ParseFromString(bytes_)) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("its message of ", head.length, " bytes cannot be parsed"));
}

absl::Status ChildProgram::HelloAndReady(const UsersToPlay* users, const ProgramWait& wait) {
  Waiting waiting(*this, wait, "the environment to be ready");
  if (playing_) {
    v1::FromActor close;
    close.mutable_close();
    RECBOTS_RETURN_IF_ERROR(SendMessage(close, 0, -1, waiting));
  }
  playing_ = true;
  const uint64_t bytes = columns_ == nullptr ? 0 : layout_->num_bytes;
  RECBOTS_RETURN_IF_ERROR(SendMessage(HelloOf(users, bytes), 0, memory_.get(), waiting));
  Head head;
  RECBOTS_RETURN_IF_ERROR(Receive(reinterpret_cast<char*>(&head), sizeof(head), waiting));
  RECBOTS_RETURN_IF_ERROR(ReceiveMessage(head, waiting));
  RECBOTS_ASSIGN_OR_RETURN(const v1::FromEnvironment::Ready ready, ReadyOf(answer_, users));
  if (!ready.shared_memory()) DropMemory();
  return absl::OkStatus();
}

absl::Status ChildProgram::Begin(const UsersToPlay& users, const ProgramWait& wait) {
  RECBOTS_RETURN_IF_ERROR(MakeMemory(users));
  const absl::Status ready = HelloAndReady(&users, wait);
  failed_ = failed_ || !ready.ok();
  return ready;
}

absl::StatusOr<ExternalSpecOptions> ChildProgram::Describe(const ProgramWait& wait) {
  DropMemory();
  const absl::Status ready = HelloAndReady(nullptr, wait);
  failed_ = failed_ || !ready.ok();
  RECBOTS_RETURN_IF_ERROR(ready);
  return FromProto(answer_.ready().spec());
}

absl::StatusOr<ProgramColumns> ChildProgram::Step(uint64_t sequence, absl::Span<const int32_t> slates,
                                                  const ProgramWait& wait) {
  failed_ = true;  // Until the answer is there.
  Waiting waiting(*this, wait, sequence == 0 ? "the first observations" : "the answer to a step");
  if (columns_ != nullptr) {
    if (!slates.empty()) memcpy(columns_ + layout_->slates.offset, slates.data(), slates.size() * sizeof(int32_t));
    const Head head = {sequence, kShared, 0};
    RECBOTS_RETURN_IF_ERROR(Send(reinterpret_cast<const char*>(&head), sizeof(head), -1, waiting));
  } else {
    v1::FromActor message;
    message.mutable_step()->set_sequence(sequence);
    message.mutable_step()->set_slates(slates.data(), slates.size() * sizeof(int32_t));
    RECBOTS_RETURN_IF_ERROR(SendMessage(message, sequence, -1, waiting));
  }
  Head head;
  RECBOTS_RETURN_IF_ERROR(Receive(reinterpret_cast<char*>(&head), sizeof(head), waiting));
  if (columns_ == nullptr || head.set == kMessage) {
    RECBOTS_RETURN_IF_ERROR(ReceiveMessage(head, waiting));
    RECBOTS_ASSIGN_OR_RETURN(const ProgramColumns came, ColumnsOf(answer_, sequence));
    failed_ = false;
    return came;
  }
  if (head.sequence != sequence || head.set != kShared) {
    return absl::DataLossError(absl::StrCat("it answered step ", head.sequence, " in set ", head.set, ", want step ",
                                            sequence, " in set ", kShared));
  }
  failed_ = false;
  return layout_->ColumnsIn(columns_);
}

}  // namespace recbots
