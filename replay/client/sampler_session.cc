#include "replay/client/sampler_session.h"

#include <utility>

#include "replay/wire/sample_codec.h"

namespace recbots::replay {

const v1::SampleCredit* SamplerSession::BeginStream(Instant now) {
  open_ = true;
  said_used_ = 0;
  said_streams_ = 0;
  next_.MergeFrom(first_);  // next_ may hold priorities of a stream that ended with `keep`.
  queue_.Open(shard_);
  queue_.PlaceRows(now);
  AddOrders(now);
  credit_ = std::exchange(next_, {});
  return &credit_;
}

int64_t SamplerSession::EndStream(bool keep) {
  open_ = false;
  // Replay takes back the parts that were not acknowledged and draws again: if used here, they would count twice.
  queue_.Close(shard_);
  const int64_t dropped = keep ? 0 : next_.keys_size();
  if (!keep) next_.Clear();
  return dropped;
}

int64_t SamplerSession::AddPriority(ItemKey key, float priority) {
  if (!open_) return 1;
  int64_t dropped = 0;
  // No order has gone out for a long time, it seems: keep the newest priorities.
  if (static_cast<size_t>(next_.keys_size()) >= kMaxPriorityUpdates) {
    dropped = next_.keys_size();
    next_.clear_keys();
    next_.clear_priorities();
  }
  next_.add_keys(WithShard(key, 0));
  next_.add_priorities(priority);
  return dropped;
}

const v1::SampleCredit* SamplerSession::NextCredit(int64_t streams_below, bool all, Instant now) {
  AddOrders(now);
  const int64_t used = queue_.Acknowledged(shard_);
  // Say nothing of streams before the table has told its own state.
  const int64_t streams = queue_.heard(shard_) ? streams_below : 0;
  const bool news = used != said_used_ || streams != said_streams_;
  if (next_.rows().empty() && !news && !(all && next_.keys_size() > 0)) return nullptr;
  said_used_ = used;
  said_streams_ = streams;
  next_.set_acknowledged_batches(used);
  next_.set_streams_below(streams);
  std::swap(next_, credit_);
  next_.Clear();
  return &credit_;
}

void SamplerSession::AddOrders(Instant now) {
  for (auto rows = queue_.NextOrder(shard_, now); rows.has_value(); rows = queue_.NextOrder(shard_, now)) {
    next_.add_rows(*rows);
  }
}

}  // namespace recbots::replay
