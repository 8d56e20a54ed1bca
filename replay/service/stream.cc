#include "replay/service/stream.h"

#include "common/rpc/grpc_status.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {

void ServiceStream::Start() {
  const bool open = hub_.Add(shared_from_this());
  MutexLock lock(&mu_);
  call_.SetHandler(this);
  if (!open) return EndLocked(absl::UnavailableError("replay is draining"));
  ReadLocked();
}

void ServiceStream::Drain() {
  {
    MutexLock lock(&mu_);
    if (!finish_) LastWordsLocked();
  }
  End(absl::UnavailableError("replay is draining"));
}

void ServiceStream::OnCancel() { End(absl::CancelledError("the peer went away or the server stops")); }

void ServiceStream::OnDone() {
  const std::shared_ptr<ServiceStream> self = hub_.Remove(this);
  SetGone();
  TableHub* table = nullptr;
  ParkingLot::Side side = ParkingLot::kSampler;
  {
    MutexLock lock(&mu_);
    table = table_;
    side = side_;
  }
  if (table != nullptr) table->lot.Leave(side, this);
  Gone();
}

void ServiceStream::WriteLocked(grpc::ByteBuffer message) {
  writing_ = true;
  out_.Swap(&message);
  call_.Write(&out_);
}

void ServiceStream::WriteDoneLocked() {
  writing_ = false;
  out_.Clear();  // Releases the payload.
}

void ServiceStream::EndLocked(const absl::Status& status) {
  if (finish_) return;
  SetGone();
  finish_ = ToGrpcStatus(status);
  MaybeFinishLocked();
}

void ServiceStream::MaybeFinishLocked() {
  if (!finish_ || writing_ || finished_) return;
  finished_ = true;
  call_.Finish(*finish_);
}

void ServiceStream::End(const absl::Status& status) {
  TableHub* table = nullptr;
  ParkingLot::Side side = ParkingLot::kSampler;
  {
    MutexLock lock(&mu_);
    EndLocked(status);
    table = table_;
    side = side_;
  }
  if (table != nullptr) table->lot.Leave(side, this);
}

}  // namespace recbots::replay
