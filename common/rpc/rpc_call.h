// A call under way at a server, of any method: raw messages both ways and an orderly end, in the shape of the reactors
// of gRPC's callback API.
//
// Why not that API: gRPC 1.51 serves it with at least two threads, which hand the connections to each other at every
// event. With blocks of 128 KiB that hand-over is half of what an insert costs. Here the number of threads is ours to
// choose (call_queue.h).
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <string>

namespace recbots {

// Made by CallQueue, destroys itself after OnDone. Methods may be called from any thread, also within reactions, as
// long as Finish was not called: at most one Read and one Write under way, and no Finish while a Write is.
class RpcCall {
 public:
  // What answers. Reactions run on the queue's threads, never wait (other calls wait with them), and may overlap.
  class Handler {
   public:
    // False: nothing more comes; the message stays as it was.
    virtual void OnReadDone(bool ok) = 0;
    // False: the peer is gone.
    virtual void OnWriteDone(bool ok) = 0;
    // The peer went away or the server stops. The handler still has to call Finish, unless it has.
    virtual void OnCancel() = 0;
    // The last reaction, alone: after Finish, and after everything that was under way came back.
    virtual void OnDone() = 0;

   protected:
    ~Handler() = default;
  };

  const std::string& method() const { return context_.method(); }  // "/package.Service/Method".
  const grpc::ServerContext& context() const { return context_; }

  // Before anything else is called. The handler lives until OnDone returns.
  void SetHandler(Handler* handler) { handler_ = handler; }
  // The message is the call's until OnReadDone.
  void Read(grpc::ByteBuffer* message);
  // The message is the call's until OnWriteDone.
  void Write(const grpc::ByteBuffer* message);
  // Tells the peer at once that its call is served; otherwise the first Write does.
  void SendInitialMetadata();
  // Ends the call; also the way to refuse one, without a handler.
  void Finish(const grpc::Status& status);
  // The same with a last message.
  void WriteAndFinish(const grpc::ByteBuffer& message);

 private:
  friend class CallQueue;

  // What comes back from gRPC: which operation of which call is over.
  struct Operation {
    void (RpcCall::*over)(bool ok);
    RpcCall* call;
  };

  // `begin` is told when a peer calls; `gone` when this object is.
  RpcCall(std::function<void(RpcCall&)> begin, std::function<void()> gone);

  void Begun(bool ok);
  void ReadOver(bool ok);
  void WriteOver(bool ok);
  void MetadataOver(bool) { Release(); }
  void Ended(bool ok);
  void TellEnd();
  void FinishOver(bool) { Release(); }
  void Release();

  const std::function<void(RpcCall&)> begin_;
  const std::function<void()> gone_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  Handler* handler_ = nullptr;
  // Reactions to come. Two are always due: that the call ended, and that Finish is over.
  std::atomic<int> due_{2};
  // The call may end while it begins: the later of the two sees true and tells the handler.
  std::atomic<bool> begun_or_ended_{false};

  Operation begun_{&RpcCall::Begun, this};
  Operation read_{&RpcCall::ReadOver, this};
  Operation write_{&RpcCall::WriteOver, this};
  Operation metadata_{&RpcCall::MetadataOver, this};
  Operation ended_{&RpcCall::Ended, this};
  Operation finish_{&RpcCall::FinishOver, this};
};

// What a server serves on a CallQueue.
class CallService {
 public:
  virtual ~CallService() = default;
  // Gives the call a handler or finishes it. False: the method is not known here, and the call is as it was.
  virtual bool Begin(RpcCall& call) = 0;
};

}  // namespace recbots
