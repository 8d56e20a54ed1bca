#include "actor/external/remote_program.h"

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/external/messages.h"
#include "common/base/host_port.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_status.h"
#include "recbots/v1/environment.grpc.pb.h"

namespace recbots {
namespace {

// How long one wait lasts before the role is asked whether to go on.
constexpr absl::Duration kTurn = absl::Milliseconds(100);

// Decides whether a wait goes on, and shows it once it lasts.
class Waiting {
 public:
  Waiting(const ProgramWait& wait, absl::string_view thing, absl::string_view peer)
      : wait_(wait), thing_(thing), peer_(peer), start_(Instant::Now()) {}

  absl::Status Turn() {
    RECBOTS_RETURN_IF_ERROR(CheckStop(wait_.stop));
    const Instant now = Instant::Now();
    if (now >= wait_.deadline) {
      return absl::DeadlineExceededError(absl::StrCat("waited ", WaitedText(now - start_), " for ", thing_));
    }
    if (!shown_.has_value()) {
      shown_.emplace(wait_.waits, WaitFor{.thing = thing_, .peer = peer_, .deadline = wait_.deadline}, start_);
    }
    return absl::OkStatus();
  }

 private:
  const ProgramWait& wait_;
  const absl::string_view thing_;
  const absl::string_view peer_;
  const Instant start_;
  std::optional<ScopedWait> shown_;
};

// One stream. Its events are waited for in the thread that steps, so that no other thread has to be woken.
class RemoteProgram final : public UserProgram {
 public:
  RemoteProgram(std::string address, std::shared_ptr<grpc::Channel> channel)
      : address_(std::move(address)), stub_(v1::EnvironmentService::NewStub(std::move(channel))) {}

  ~RemoteProgram() override { End(); }

  absl::Status Begin(const UsersToPlay& users, const ProgramWait& wait) override { return HelloAndReady(&users, wait); }
  absl::StatusOr<ExternalSpecOptions> Describe(const ProgramWait& wait) override {
    RECBOTS_RETURN_IF_ERROR(HelloAndReady(nullptr, wait));
    return FromProto(answer_.ready().spec());
  }

  absl::StatusOr<ProgramColumns> Step(uint64_t sequence, absl::Span<const int32_t> slates,
                                      const ProgramWait& wait) override {
    v1::FromActor message;
    message.mutable_step()->set_sequence(sequence);
    message.mutable_step()->set_slates(slates.data(), slates.size() * sizeof(int32_t));
    RECBOTS_RETURN_IF_ERROR(Ask(message, sequence == 0 ? "the first observations" : "the answer to a step", wait));
    return ColumnsOf(answer_, sequence);
  }
  std::string LastLines() override { return answer_.has_error() ? answer_.error().traceback() : ""; }

 private:
  enum Event : intptr_t { kStarted = 1, kWritten, kRead, kFinished };
  static void* Tag(Event event) { return reinterpret_cast<void*>(event); }

  // Each Begin has a stream of its own.
  absl::Status HelloAndReady(const UsersToPlay* users, const ProgramWait& wait) {
    End();
    context_ = std::make_unique<grpc::ClientContext>();
    events_ = std::make_unique<grpc::CompletionQueue>();
    stream_ = stub_->PrepareAsyncRun(context_.get(), events_.get());
    stream_->StartCall(Tag(kStarted));
    Waiting waiting(wait, "the environment to answer", address_);
    RECBOTS_ASSIGN_OR_RETURN(const bool started, Await(kStarted, waiting));
    if (!started) return Finish(waiting);
    RECBOTS_RETURN_IF_ERROR(Ask(HelloOf(users, 0), "the environment to be ready", wait));
    return ReadyOf(answer_, users).status();
  }

  absl::Status Ask(const v1::FromActor& message, absl::string_view thing, const ProgramWait& wait) {
    Waiting waiting(wait, thing, address_);
    stream_->Write(message, Tag(kWritten));
    RECBOTS_ASSIGN_OR_RETURN(const bool written, Await(kWritten, waiting));
    if (!written) return Finish(waiting);
    stream_->Read(&answer_, Tag(kRead));
    RECBOTS_ASSIGN_OR_RETURN(const bool read, Await(kRead, waiting));
    return read ? absl::OkStatus() : Finish(waiting);
  }

  // Waits for the event under way; whether it went well.
  absl::StatusOr<bool> Await(Event event, Waiting& waiting) {
    while (true) {
      void* tag = nullptr;
      bool ok = false;
      const auto next = events_->AsyncNext(&tag, &ok, ToGrpcDeadline(Instant::Now() + kTurn));
      if (next == grpc::CompletionQueue::GOT_EVENT && tag == Tag(event)) return ok;
      if (next == grpc::CompletionQueue::SHUTDOWN) return absl::UnavailableError("the stream has ended");
      RECBOTS_RETURN_IF_ERROR(waiting.Turn());
    }
  }

  // Why the stream has ended.
  absl::Status Finish(Waiting& waiting) {
    stream_->Finish(&status_, Tag(kFinished));
    RECBOTS_RETURN_IF_ERROR(Await(kFinished, waiting).status());
    if (status_.ok()) return absl::UnavailableError("it has ended the stream");
    const absl::Status status = FromGrpcStatus(status_);
    // A refusal keeps its code. DEADLINE_EXCEEDED and CANCELLED do not: they mean that the wait of this side has run
    // out, or that the role ends, and a server that answers with one of them has only failed.
    if (absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status)) {
      return absl::FailedPreconditionError(status.message());
    }
    return absl::UnavailableError(absl::StrCat("the stream has ended: ", status.message()));
  }

  void End() {
    if (events_ == nullptr) return;
    context_->TryCancel();
    events_->Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (events_->Next(&tag, &ok)) continue;
    stream_.reset();
    events_.reset();
    context_.reset();
  }

  const std::string address_;
  const std::unique_ptr<v1::EnvironmentService::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::CompletionQueue> events_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::FromActor, v1::FromEnvironment>> stream_;
  v1::FromEnvironment answer_;
  grpc::Status status_;
};

class RemoteLauncher final : public ProgramLauncher {
 public:
  explicit RemoteLauncher(const std::string& address)
      : address_(address), name_(absl::StrCat("the environment at ", address)) {}

  const std::string& name() const override { return name_; }

  absl::StatusOr<std::unique_ptr<UserProgram>> Launch(const ProgramWait& wait) override {
    std::shared_ptr<grpc::Channel> channel = MakeChannel(address_, {.bulk = true});
    Waiting waiting(wait, "a connection to the environment", address_);
    while (!channel->WaitForConnected(ToGrpcDeadline(Instant::Now() + kTurn))) {
      RECBOTS_RETURN_IF_ERROR(waiting.Turn());
    }
    return std::make_unique<RemoteProgram>(address_, std::move(channel));
  }

 private:
  const std::string address_;
  const std::string name_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ProgramLauncher>> ConnectToEnvironment(const ExternalOptions& options) {
  const absl::Status status = IsUnixAddress(options.address) ? ParseUnixAddress(options.address).status()
                                                             : ParseHostPort(options.address).status();
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("address '", options.address, "': ", status.message(), "; want host:port or unix:/path"));
  }
  return std::make_unique<RemoteLauncher>(options.address);
}

}  // namespace recbots
