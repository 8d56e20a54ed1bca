#include "common/rpc/rpc_call.h"

#include <utility>

namespace recbots {

RpcCall::RpcCall(std::function<void(RpcCall&)> begin, std::function<void()> gone)
    : begin_(std::move(begin)), gone_(std::move(gone)) {
  context_.AsyncNotifyWhenDone(&ended_);
}

void RpcCall::Read(grpc::ByteBuffer* message) {
  ++due_;
  stream_.Read(message, &read_);
}

void RpcCall::Write(const grpc::ByteBuffer* message) {
  ++due_;
  stream_.Write(*message, &write_);
}

void RpcCall::SendInitialMetadata() {
  ++due_;
  stream_.SendInitialMetadata(&metadata_);
}

void RpcCall::Finish(const grpc::Status& status) { stream_.Finish(status, &finish_); }

void RpcCall::WriteAndFinish(const grpc::ByteBuffer& message) {
  stream_.WriteAndFinish(message, grpc::WriteOptions(), grpc::Status::OK, &finish_);
}

void RpcCall::Begun(bool ok) {
  if (!ok) {  // The server stops: no call came, and nothing else comes back.
    due_ = 1;
    return Release();
  }
  begin_(*this);
  if (begun_or_ended_.exchange(true)) TellEnd();
}

void RpcCall::ReadOver(bool ok) {
  if (handler_ != nullptr) handler_->OnReadDone(ok);
  Release();
}

void RpcCall::WriteOver(bool ok) {
  if (handler_ != nullptr) handler_->OnWriteDone(ok);
  Release();
}

void RpcCall::Ended(bool) {
  if (begun_or_ended_.exchange(true)) TellEnd();
}

void RpcCall::TellEnd() {
  if (handler_ != nullptr && context_.IsCancelled()) handler_->OnCancel();
  Release();
}

void RpcCall::Release() {
  if (--due_ > 0) return;
  if (handler_ != nullptr) handler_->OnDone();
  const std::function<void()> gone = gone_;
  delete this;
  gone();
}

}  // namespace recbots
