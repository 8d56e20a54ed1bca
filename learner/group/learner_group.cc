#include "learner/group/learner_group.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/crc32c.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// Checksums of parameters are compared before every update of this many.
constexpr int64_t kUpdatesPerCheck = 256;
constexpr int64_t kPartSize = 2;  // Rows and mean.

std::string LateKey(int rank) { return absl::StrCat("late/", rank); }
std::string MissingKey() { return "missing"; }
std::string MessageKey(int rank) { return absl::StrCat("message/", rank); }
std::string RowsKey(int rank) { return absl::StrCat("rows/", rank); }

// to = factor * from. False: a number is not finite. On integers, so that the compiler makes vectors of the loop.
template <typename T>
bool ScaleTo(const T* from, int64_t size, T factor, T* to) {
  using Bits = std::conditional_t<sizeof(T) == sizeof(uint32_t), uint32_t, uint64_t>;
  constexpr Bits kExponent = sizeof(T) == sizeof(uint32_t) ? Bits{0x7f800000U} : Bits{0x7ff} << (8 * sizeof(T) - 12);
  Bits found = 0;
  for (int64_t i = 0; i < size; ++i) {
    to[i] = factor * from[i];
    Bits bits;
    std::memcpy(&bits, to + i, sizeof(bits));
    found |= static_cast<Bits>((bits & kExponent) == kExponent);
  }
  return found == 0;
}

absl::Status Cancelled() { return absl::CancelledError("the group of learners has ended"); }

}  // namespace

LearnerGroup::LearnerGroup(const LearnerGroupOptions& options, std::unique_ptr<Collective> collective,
                           GroupStore& store, Algorithm& algorithm)
    : options_(options),
      collective_(std::move(collective)),
      store_(store),
      algorithm_(algorithm),
      gradients_(algorithm.tensors().gradients.flat()),
      plain_(gradients_.is_cpu() ? gradients_ : at::empty_like(gradients_, gradients_.options().device(at::kCPU))),
      num_gradients_(gradients_.numel()),
      buffer_(at::zeros({num_gradients_ + kPartSize * static_cast<int64_t>(kMaxParts) + kSlotSize * options.size},
                        plain_.options())),
      slots_(static_cast<size_t>(options.size)) {}

absl::Status LearnerGroup::ShareState() {
  std::string state = rank() == 0 ? algorithm_.SaveState() : "";
  at::Tensor size = at::zeros({1}, at::TensorOptions(at::kLong));
  *size.data_ptr<int64_t>() = static_cast<int64_t>(state.size());
  const Instant start = Instant::Now();
  absl::Status shared = collective_->Broadcast(size);
  if (shared.ok()) {
    at::Tensor bytes = at::empty({*size.data_ptr<int64_t>()}, at::TensorOptions(at::kByte));
    std::copy(state.begin(), state.end(), bytes.data_ptr<uint8_t>());
    shared = collective_->Broadcast(bytes);
    if (shared.ok()) state.assign(bytes.data_ptr<uint8_t>(), bytes.data_ptr<uint8_t>() + bytes.numel());
  }
  if (!shared.ok()) return Break(shared, "the exchange of the state at the start", Instant::Now() - start);
  return rank() == 0 ? absl::OkStatus() : algorithm_.LoadState(state);
}

void LearnerGroup::UseImportance(float smallest_probability, double exponent) {
  probability_ = double{smallest_probability};
  exponent_ = exponent;
}

// (to / from)^beta for sums whose rows are weighted: weights scaled by the one probability become weights scaled by the
// other.
double LearnerGroup::Scale(const GradientPart& part, double from, double to) const {
  return part.weighted && probability_ > 0 ? std::pow(to / from, exponent_) : 1.0;
}

absl::Status LearnerGroup::NameGradient(const GradientPart& part) const {
  const ParameterArena& arena = algorithm_.tensors().gradients;
  for (size_t i = 0; i < arena.layout().tensors().size(); ++i) {
    if (arena[i].isfinite().all().item<bool>()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("the gradient of '", arena.layout().tensors()[i].name, "' is not finite"));
  }
  return absl::FailedPreconditionError(
      absl::StrCat(part.gradients.defined() ? "a gradient" : "a loss", " is not finite"));
}

int64_t LearnerGroup::Begin(const GradientPart& part) const {
  return part.gradients.storage_offset() - gradients_.storage_offset();
}

template <typename T>
absl::Status LearnerGroup::Fill(absl::Span<const GradientPart> parts, double state) {
  T* const buffer = buffer_.data_ptr<T>();
  if (!gradients_.is_cpu()) plain_.copy_(gradients_);
  const T* const arena = plain_.data_ptr<T>();
  if (parts.empty()) std::fill_n(buffer, num_gradients_, T{0});
  T* const tail = buffer + num_gradients_;
  std::fill(tail, buffer + buffer_.numel(), T{0});
  for (size_t p = 0; p < parts.size(); ++p) {
    const GradientPart& part = parts[p];
    const double scale = part.rows * Scale(part, /*from=*/probability_, /*to=*/reference_);
    const double mean = part.mean == nullptr || part.rows == 0 ? 0.0 : *part.mean;
    if (part.gradients.defined()) {
      const int64_t begin = Begin(part);
      const T* const from = arena + begin;
      T* const to = buffer + begin;
      if (part.rows == 0) {
        std::fill_n(to, part.gradients.numel(), T{0});
      } else if (!ScaleTo(from, part.gradients.numel(), static_cast<T>(scale), to)) {
        return NameGradient(part);
      }
    }
    if (!std::isfinite(mean)) return NameGradient(part);
    tail[kPartSize * static_cast<int64_t>(p)] = static_cast<T>(part.rows);
    tail[kPartSize * static_cast<int64_t>(p) + 1] = static_cast<T>(scale * mean);
  }
  const bool check = algorithm_.updates() % kUpdatesPerCheck == 0;
  const at::Tensor parameters = check ? algorithm_.tensors().parameters.flat().to(at::kCPU) : at::Tensor();
  const uint32_t checksum =
      check ? Crc32c({static_cast<const char*>(parameters.data_ptr()), static_cast<size_t>(parameters.nbytes())}) : 0;
  T* const slot = tail + kPartSize * static_cast<int64_t>(kMaxParts) + kSlotSize * rank();
  slot[0] = static_cast<T>(state);
  slot[1] = static_cast<T>(algorithm_.updates() & 0xffff);
  slot[2] = static_cast<T>(checksum & 0xffff);
  slot[3] = static_cast<T>(checksum >> 16);
  slot[4] = static_cast<T>(probability_);
  slot[5] = static_cast<T>(absl::ToDoubleSeconds(own_wait_));
  return absl::OkStatus();
}

template <typename T>
void LearnerGroup::Take(absl::Span<GradientPart> parts) {
  double smallest = 0;
  for (const Slot& slot : slots_) {
    if (slot.probability > 0 && (smallest == 0 || slot.probability < smallest)) smallest = slot.probability;
  }
  const T* const buffer = buffer_.data_ptr<T>();
  const T* const tail = buffer + num_gradients_;
  for (size_t p = 0; p < parts.size(); ++p) {
    GradientPart& part = parts[p];
    part.rows = double{tail[kPartSize * static_cast<int64_t>(p)]};
    if (part.rows == 0) continue;
    const double scale = Scale(part, /*from=*/reference_, /*to=*/smallest) / part.rows;
    if (part.mean != nullptr) *part.mean = scale * double{tail[kPartSize * static_cast<int64_t>(p) + 1]};
    if (!part.gradients.defined()) continue;
    const int64_t begin = Begin(part);
    ScaleTo(buffer + begin, part.gradients.numel(), static_cast<T>(scale), plain_.data_ptr<T>() + begin);
  }
  if (!gradients_.is_cpu()) gradients_.copy_(plain_);
  if (smallest > 0) reference_ = smallest;
}

absl::Status LearnerGroup::Round(absl::Span<const GradientPart> parts, double state) {
  RECBOTS_RETURN_IF_ERROR(broken_);
  if (end_.has_value()) return Cancelled();
  const bool is_double = buffer_.scalar_type() == at::kDouble;
  RECBOTS_RETURN_IF_ERROR(is_double ? Fill<double>(parts, state) : Fill<float>(parts, state));
  const Instant start = Instant::Now();
  const absl::Status reduced = collective_->AllReduce(buffer_);
  const absl::Duration waited = Instant::Now() - start;
  exchanged_ += waited;
  ++rounds_;
  if (!reduced.ok()) {
    return Break(reduced, absl::StrCat("the all-reduce of update ", algorithm_.updates() + 1), waited);
  }
  return ReadSlots();
}

absl::Status LearnerGroup::ReadSlots() {
  const at::Tensor tail =
      buffer_.narrow(0, num_gradients_ + kPartSize * static_cast<int64_t>(kMaxParts), kSlotSize * options_.size)
          .to(at::kDouble)
          .contiguous();
  const double* value = tail.data_ptr<double>();
  bool leaves = false;
  double waited = 0;
  for (Slot& slot : slots_) {
    slot = {value[0], value[1], value[2], value[3], value[4], value[5]};
    waited = std::max(waited, slot.waited);
    value += kSlotSize;
    leaves = leaves || slot.state > kWaits;
  }
  own_wait_ = absl::ZeroDuration();
  waited_ += absl::Seconds(waited);
  if (!leaves) return CheckSameState();
  End();
  return Cancelled();
}

// All learners see the same slots, so that all of them end here.
absl::Status LearnerGroup::CheckSameState() {
  const Slot& first = slots_.front();
  for (size_t r = 1; r < slots_.size(); ++r) {
    const Slot& slot = slots_[r];
    if (slot.updates == first.updates && slot.low == first.low && slot.high == first.high) continue;
    const char* what = slot.updates == first.updates ? "parameters that differ" : "made another number of updates";
    return broken_ = absl::UnavailableError(absl::StrCat("the learners of ranks 0 and ", r, " have ", what,
                                                         " before update ", algorithm_.updates() + 1));
  }
  return absl::OkStatus();
}

void LearnerGroup::End() {
  end_.emplace();
  double weightiest = 0;
  for (size_t r = 0; r < slots_.size(); ++r) {
    if (slots_[r].state <= std::max(weightiest, kWaits)) continue;
    weightiest = slots_[r].state;
    end_->rank = static_cast<int>(r);
    end_->why = static_cast<Leaving>(std::llround(weightiest));
  }
  if (end_->why == Leaving::kFailed) {
    const Instant deadline = Instant::Now() + options_.inquiry;
    end_->message = store_.Get(MessageKey(end_->rank), deadline).value_or("(its log says why)");
    end_->rows = store_.Get(RowsKey(end_->rank), Instant::Now()).value_or("");
  }
  // Connections close when all have read the last round; who does not come any more is waited for no longer.
  at::Tensor farewell = at::zeros({1});
  collective_->AllReduce(farewell).IgnoreError();
}

absl::Status LearnerGroup::Exchange(absl::Span<GradientPart> parts) {
  RECBOTS_CHECK(parts.size() <= kMaxParts);
  while (true) {
    RECBOTS_RETURN_IF_ERROR(Round(parts, kReady));
    const bool all = std::all_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.state == kReady; });
    if (all) break;
    if (interrupted_ && interrupted_()) return absl::CancelledError("interrupted while another learner waits");
  }
  buffer_.scalar_type() == at::kDouble ? Take<double>(parts) : Take<float>(parts);
  return absl::OkStatus();
}

absl::Status LearnerGroup::Idle() { return Round({}, kWaits); }

void LearnerGroup::Leave(Leaving why, const absl::Status& error, const std::string& rows) {
  if (end_.has_value() || !broken_.ok()) return;
  if (why == Leaving::kFailed) {
    std::string some = rows.substr(0, GroupStore::kMaxValueBytes);
    if (some.size() < rows.size()) some.resize(some.rfind('\n') + 1);
    absl::Status said = some.empty() ? absl::OkStatus() : store_.Set(RowsKey(rank()), some);
    said.Update(store_.Set(MessageKey(rank()), std::string(error.message()).substr(0, size_t{4} << 10)));
    if (!said.ok()) RECBOTS_LOG(WARNING) << "the other learners do not hear why: " << said.message();
  }
  Round({}, static_cast<double>(why)).IgnoreError();
}

int LearnerGroup::FindMissing() {
  if (options_.size == 2) return 1 - rank();
  const Instant deadline = Instant::Now() + options_.inquiry;
  if (!store_.Set(LateKey(rank()), "here").ok()) return 0;
  if (rank() > 0) {
    const absl::StatusOr<std::string> missing = store_.Get(MissingKey(), deadline + options_.inquiry);
    return missing.ok() ? std::atoi(missing->c_str()) : 0;
  }
  int missing = -1;
  for (int r = 1; r < options_.size && missing < 0; ++r) {
    if (!store_.Get(LateKey(r), deadline).ok()) missing = r;
  }
  store_.Set(MissingKey(), absl::StrCat(missing)).IgnoreError();
  return missing;
}

absl::Status LearnerGroup::Break(const absl::Status& error, const std::string& what, absl::Duration waited) {
  const int missing = FindMissing();
  const std::string who = missing < 0 ? "a learner" : absl::StrCat("the learner of rank ", missing);
  broken_ = absl::UnavailableError(
      absl::StrFormat("%s did not take part in %s: waited for %.1f s, deadline %.0f s (%s)", who, what,
                      absl::ToDoubleSeconds(waited), absl::ToDoubleSeconds(options_.deadline), error.message()));
  return broken_;
}

}  // namespace recbots
