// A call of any method that is under way at a server: raw messages both ways and an orderly end. The interface
// resembles the reactors of gRPC's callback API.
//
// We do not use that API because gRPC 1.51 serves it with at least two threads, which hand the connections to each
// other at every event. With blocks of 128 KiB this hand-over is half the cost of an insert. Here we choose the number
// of threads (call_queue.h).
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <string>

namespace recbots {

// A CallQueue makes it; it destroys itself after OnDone. Until Finish is called, methods may be called from any thread
// and from within reactions. At most one Read and one Write may be under way, and Finish must not be called while a
// Write is.
class RpcCall {
 public:
  // The code that answers the call. Its reactions run on the queue's threads and may overlap. They must never wait,
  // because other calls would wait with them.
  class Handler {
   public:
    // ok is false if no further message comes; the message is then unchanged.
    virtual void OnReadDone(bool ok) = 0;
    // ok is false if the peer is gone.
    virtual void OnWriteDone(bool ok) = 0;
    // The peer went away or the server stops. The handler must still call Finish, unless it has done so.
    virtual void OnCancel() = 0;
    // The last reaction; it does not overlap with others. It follows after Finish and after every operation under way
    // has ended.
    virtual void OnDone() = 0;

   protected:
    ~Handler() = default;
  };

  const std::string& method() const { return context_.method(); }  // "/package.Service/Method".
  const grpc::ServerContext& context() const { return context_; }

  // Must be called before any other method. The handler must live until OnDone returns.
  void SetHandler(Handler* handler) { handler_ = handler; }
  // The call owns `message` until OnReadDone.
  void Read(grpc::ByteBuffer* message);
  // The call owns `message` until OnWriteDone.
  void Write(const grpc::ByteBuffer* message);
  // Tells the peer at once that its call is being served; otherwise the first Write does so.
  void SendInitialMetadata();
  // Ends the call. To refuse a call, call Finish without setting a handler.
  void Finish(const grpc::Status& status);
  // Writes a last message and ends the call with OK.
  void WriteAndFinish(const grpc::ByteBuffer& message);

 private:
  friend class CallQueue;

  // gRPC returns a pointer to one of these: it says which operation of which call is over.
  struct Operation {
    void (RpcCall::*over)(bool ok);
    RpcCall* call;
  };

  // Calls `begin` when a peer calls, and `gone` when this object is gone.
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
  // The number of operations that gRPC still has to return. Two are always due: the end of the call, and the end of
  // Finish.
  std::atomic<int> due_{2};
  // The call may end while it begins: the later of the two events finds true here and tells the handler.
  std::atomic<bool> begun_or_ended_{false};

  Operation begun_{&RpcCall::Begun, this};
  Operation read_{&RpcCall::ReadOver, this};
  Operation write_{&RpcCall::WriteOver, this};
  Operation metadata_{&RpcCall::MetadataOver, this};
  Operation ended_{&RpcCall::Ended, this};
  Operation finish_{&RpcCall::FinishOver, this};
};

// A service on a CallQueue.
class CallService {
 public:
  virtual ~CallService() = default;
  // Gives the call a handler or finishes it. Returns false if the service does not know the method; the call is then
  // unchanged.
  virtual bool Begin(RpcCall& call) = 0;
};

}  // namespace recbots
