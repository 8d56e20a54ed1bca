#include "common/networks/training_state.h"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/encoding.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/networks/blend.h"

namespace recbots {
namespace {

constexpr absl::string_view kMagic = "RBLS";
constexpr uint32_t kVersion = 1;
constexpr uint32_t kMaxNameBytes = 256;
constexpr uint32_t kMaxRank = 8;
constexpr int64_t kAlignment = 16;  // Elements: at least 64 bytes.

std::string Describe(absl::string_view name, size_t element_bytes, const std::vector<int32_t>& shape) {
  return absl::StrCat("'", name, "' float", 8 * element_bytes, " [", absl::StrJoin(shape, ", "), "]");
}

// A number is infinite or no number at all if all bits of its exponent are set. On integers, so that the compiler makes
// vectors of the loop.
template <typename Bits, typename Number>
bool AllFinite(const Number* numbers, size_t count, Bits exponent) {
  static_assert(sizeof(Bits) == sizeof(Number));
  Bits found = 0;
  for (size_t i = 0; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, numbers + i, sizeof(bits));
    found |= static_cast<Bits>((bits & exponent) == exponent);
  }
  return found == 0;
}

}  // namespace

struct TrainingState::Entry {
  enum class Values { kAny, kNotNegative, kCounter };

  std::string name;
  std::vector<int32_t> shape;
  char* data;
  size_t elements, element_bytes;
  Values values;

  size_t bytes() const { return elements * element_bytes; }
  std::string description() const { return Describe(name, element_bytes, shape); }

  double Value(absl::string_view from, size_t i) const {
    if (element_bytes == sizeof(float)) {
      float value;
      std::memcpy(&value, from.data() + i * sizeof(value), sizeof(value));
      return value;
    }
    double value;
    std::memcpy(&value, from.data() + i * sizeof(value), sizeof(value));
    return value;
  }

  absl::Status Check(absl::string_view from, const ByteReader& reader) const {
    for (size_t i = 0; i < elements; ++i) {
      const double value = Value(from, i);
      if (!std::isfinite(value)) return reader.Invalid(name, "[", i, "] is ", value, ", want a finite number");
      if (values == Values::kNotNegative && value < 0)
        return reader.Invalid(name, "[", i, "] is ", value, ", want at least 0");
      if (values == Values::kCounter && (value < 0 || value >= 0x1p53 || value != std::floor(value))) {
        return reader.Invalid(name, " is ", value, ", want a whole number of at least 0 and below 2^53");
      }
    }
    return absl::OkStatus();
  }
};

TrainingState::TrainingState(const TrainingSpec& spec, const at::TensorOptions& options)
    : spec_(spec), numbers_(at::zeros({static_cast<int64_t>(spec.numbers.size())}, at::TensorOptions(at::kDouble))) {
  RECBOTS_CHECK(spec.num_targets <= spec.tensors.size());
  const ParameterLayout layout(spec.tensors);
  const auto num_targets = static_cast<ptrdiff_t>(spec.num_targets);
  const ParameterLayout of_targets(std::vector<TensorSpec>(spec.tensors.begin(), spec.tensors.begin() + num_targets));
  // Each arena begins where a vector register's worth of memory does, as if it had been allocated alone.
  const auto padded = [](const ParameterLayout& of) { return (of.size() + kAlignment - 1) / kAlignment * kAlignment; };
  flat_ = at::zeros({4 * padded(layout) + padded(of_targets)}, options);
  int64_t begin = 0;
  const auto next = [this, &begin, &padded](const ParameterLayout& of) {
    const ParameterArena arena(of, flat_.narrow(0, begin, of.size()));
    begin += padded(of);
    return arena;
  };
  all_.parameters = next(layout);
  all_.targets = next(of_targets);
  all_.mean = next(layout);
  all_.variance = next(layout);
  all_.gradients = next(layout);
}

TrainingTensors TrainingState::Part(absl::Span<const TensorSpec> tensors) const {
  RECBOTS_CHECK(!tensors.empty());
  const size_t begin = all_.parameters.Index(tensors.front().name);
  const size_t end = begin + tensors.size();
  for (size_t i = begin; i < end; ++i) {
    const std::string& name = tensors[i - begin].name;
    RECBOTS_CHECK(i < spec_.tensors.size() && spec_.tensors[i].name == name)
        << "tensor " << i << " is not '" << name << "'";
  }
  const auto targets = [this](size_t i) { return std::min(i, spec_.num_targets); };
  return {all_.parameters.Part(begin, end), all_.targets.Part(targets(begin), targets(end)), all_.mean.Part(begin, end),
          all_.variance.Part(begin, end), all_.gradients.Part(begin, end)};
}

void TrainingState::KeepAverage() {
  if (!average_.flat().defined()) average_ = ParameterArena(all_.parameters.layout(), flat_.options());
  average_.flat().copy_(all_.parameters.flat());
}

namespace {

template <typename T>
void MoveTo(const at::Tensor& to, double share, const at::Tensor& average) {
  const int64_t size = average.numel();
  const T* __restrict goal = to.data_ptr<T>();
  T* __restrict value = average.data_ptr<T>();
  const T part = static_cast<T>(share);
  for (int64_t i = 0; i < size; ++i) value[i] = Blend(value[i], goal[i], part);
}

}  // namespace

void TrainingState::MoveAverage(double share) {
  RECBOTS_CHECK(average_.flat().defined()) << "no average is kept";
  const at::Tensor& parameters = all_.parameters.flat();
  if (!flat_.is_cpu()) {
    BlendTensor(parameters, share, average_.flat());
    return;
  }
  flat_.scalar_type() == at::kDouble ? MoveTo<double>(parameters, share, average_.flat())
                                     : MoveTo<float>(parameters, share, average_.flat());
}

double& TrainingState::Number(absl::string_view name) const {
  size_t i = 0;
  while (i < spec_.numbers.size() && spec_.numbers[i].name != name) ++i;
  RECBOTS_CHECK(i < spec_.numbers.size()) << "no number '" << std::string(name) << "'";
  return numbers_.data_ptr<double>()[i];
}

std::vector<TrainingState::Entry> TrainingState::Entries() const {
  std::vector<Entry> entries;
  const auto add = [&entries](const ParameterArena& arena, absl::string_view prefix, Entry::Values values) {
    for (size_t i = 0; i < arena.layout().tensors().size(); ++i) {
      const TensorSpec& tensor = arena.layout().tensors()[i];
      entries.push_back({absl::StrCat(prefix, tensor.name), tensor.shape, static_cast<char*>(arena[i].data_ptr()),
                         static_cast<size_t>(arena[i].numel()), static_cast<size_t>(arena[i].element_size()), values});
    }
  };
  add(all_.parameters, "", Entry::Values::kAny);
  add(all_.targets, "target/", Entry::Values::kAny);
  add(all_.mean, "mean/", Entry::Values::kAny);
  add(all_.variance, "variance/", Entry::Values::kNotNegative);
  add(average_, "average/", Entry::Values::kAny);
  for (const TrainingSpec::Number& number : spec_.numbers) {
    entries.push_back({number.name,
                       {},
                       reinterpret_cast<char*>(&Number(number.name)),
                       1,
                       sizeof(double),
                       number.counter ? Entry::Values::kCounter : Entry::Values::kAny});
  }
  return entries;
}

void TrainingState::CopyTo(TrainingState& copy) const {
  if (!copy.flat_.defined()) copy = TrainingState(spec_, flat_.scalar_type());
  const int64_t saved = flat_.numel() - all_.gradients.flat().numel();
  copy.flat_.narrow(0, 0, saved).copy_(flat_.narrow(0, 0, saved));
  copy.numbers_.copy_(numbers_);
  if (!average_.flat().defined()) return;
  if (!copy.average_.flat().defined()) copy.KeepAverage();
  copy.average_.flat().copy_(average_.flat());
}

bool TrainingState::ParametersFinite() const {
  if (!flat_.defined()) return true;
  const at::Tensor& parameters = all_.parameters.flat();
  if (!flat_.is_cpu()) return parameters.isfinite().all().item<bool>();
  const auto elements = static_cast<size_t>(parameters.numel());
  return parameters.scalar_type() == at::kFloat
             ? AllFinite<uint32_t>(parameters.data_ptr<float>(), elements, 0x7f800000U)
             : AllFinite<uint64_t>(parameters.data_ptr<double>(), elements, uint64_t{0x7ff} << 52);
}

TrainingState TrainingState::InPlainMemory() const {
  if (!flat_.defined() || flat_.is_cpu()) return *this;
  TrainingState copy;
  CopyTo(copy);
  return copy;
}

void TrainingState::Take(const TrainingState& copy) {
  if (copy.flat_.is_same(flat_)) return;
  const int64_t saved = flat_.numel() - all_.gradients.flat().numel();
  flat_.narrow(0, 0, saved).copy_(copy.flat_.narrow(0, 0, saved));
  numbers_.copy_(copy.numbers_);
  if (average_.flat().defined()) average_.flat().copy_(copy.average_.flat());
}

absl::Status TrainingState::CheckFinite() const {
  if (flat_.defined() && !flat_.is_cpu()) return InPlainMemory().CheckFinite();
  const ByteReader reader("state", "");
  for (const Entry& entry : Entries()) {
    const absl::Status status = entry.Check({entry.data, entry.bytes()}, reader);
    if (!status.ok()) return absl::FailedPreconditionError(status.message());
  }
  return absl::OkStatus();
}

std::string TrainingState::Save() const {
  if (flat_.defined() && !flat_.is_cpu()) return InPlainMemory().Save();
  const std::vector<Entry> entries = Entries();
  std::string body;
  AppendNumber(entries.size(), &body);
  for (const Entry& entry : entries) {
    AppendNumber(entry.name.size(), &body);
    body += entry.name;
    AppendNumber(entry.element_bytes, &body);
    AppendNumber(entry.shape.size(), &body);
    for (const int32_t extent : entry.shape) AppendNumber(static_cast<size_t>(extent), &body);
    body.append(entry.data, entry.bytes());
  }
  return Framed(kMagic, kVersion, body);
}

struct TrainingState::Saved {
  std::string name;
  std::vector<int32_t> shape;
  size_t element_bytes;
  absl::string_view values;

  std::string description() const { return Describe(name, element_bytes, shape); }

  // Reads the next one.
  static absl::StatusOr<Saved> Read(ByteReader& reader) {
    Saved saved;
    RECBOTS_ASSIGN_OR_RETURN(const uint32_t name_bytes, reader.NumberUpTo(kMaxNameBytes, "length of a name"));
    RECBOTS_ASSIGN_OR_RETURN(const absl::string_view name, reader.Bytes(name_bytes, "a name"));
    saved.name = std::string(name);
    RECBOTS_ASSIGN_OR_RETURN(saved.element_bytes, reader.NumberUpTo(sizeof(double), "bytes of an element"));
    RECBOTS_ASSIGN_OR_RETURN(const uint32_t rank, reader.NumberUpTo(kMaxRank, "rank"));
    size_t bytes = saved.element_bytes;
    for (uint32_t i = 0; i < rank; ++i) {
      RECBOTS_ASSIGN_OR_RETURN(const uint32_t extent, reader.NumberUpTo(INT32_MAX, "extent"));
      saved.shape.push_back(static_cast<int32_t>(extent));
      // More than there is; beyond, the product could not be told any more.
      bytes = std::min(bytes * extent, reader.left() + 1);
    }
    RECBOTS_ASSIGN_OR_RETURN(saved.values, reader.Bytes(bytes, saved.name));
    return saved;
  }
};

absl::Status TrainingState::Load(absl::string_view saved) {
  if (flat_.defined() && !flat_.is_cpu()) {
    TrainingState copy = InPlainMemory();
    RECBOTS_RETURN_IF_ERROR(copy.Load(saved));
    Take(copy);
    return absl::OkStatus();
  }
  ByteReader reader("state", saved);
  RECBOTS_RETURN_IF_ERROR(reader.Frame(kMagic, {kVersion}).status());
  const std::vector<Entry> entries = Entries();
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t count, reader.Number("the number of tensors"));
  std::vector<absl::string_view> found;
  for (const Entry& entry : entries) {
    if (found.size() == count) {
      return reader.Invalid("ends before ", entry.description(), ", want ", entries.size(), " tensors");
    }
    RECBOTS_ASSIGN_OR_RETURN(const Saved next, Saved::Read(reader));
    if (next.description() != entry.description()) {
      return reader.Invalid("tensor ", found.size(), " is ", next.description(), ", want ", entry.description());
    }
    RECBOTS_RETURN_IF_ERROR(entry.Check(next.values, reader));
    found.push_back(next.values);
  }
  if (count != entries.size()) return reader.Invalid(count, " tensors, want ", entries.size());
  if (reader.left() != 0) return reader.Invalid(reader.left(), " bytes after the last tensor, want 0");
  for (size_t i = 0; i < entries.size(); ++i) std::memcpy(entries[i].data, found[i].data(), found[i].size());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> TrainingState::LoadFitting(absl::string_view saved) {
  if (flat_.defined() && !flat_.is_cpu()) {
    TrainingState copy = InPlainMemory();
    RECBOTS_ASSIGN_OR_RETURN(std::vector<std::string> left_out, copy.LoadFitting(saved));
    Take(copy);
    return left_out;
  }
  ByteReader reader("state", saved);
  RECBOTS_RETURN_IF_ERROR(reader.Frame(kMagic, {kVersion}).status());
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t count, reader.Number("the number of tensors"));
  std::map<std::string, Saved> there;
  for (uint32_t i = 0; i < count; ++i) {
    RECBOTS_ASSIGN_OR_RETURN(Saved next, Saved::Read(reader));
    there.emplace(next.name, next);
  }
  std::vector<std::pair<const Entry*, absl::string_view>> fitting;
  std::vector<std::string> left_out;
  const std::vector<Entry> entries = Entries();
  const size_t num_parameters = all_.parameters.layout().tensors().size();
  const size_t num_targets = all_.targets.layout().tensors().size();
  for (size_t i = 0; i < num_parameters + num_targets; ++i) {
    const auto found = there.find(entries[i].name);
    if (found != there.end() && found->second.description() == entries[i].description()) {
      RECBOTS_RETURN_IF_ERROR(entries[i].Check(found->second.values, reader));
      fitting.emplace_back(&entries[i], found->second.values);
    } else if (i < num_parameters) {
      const std::string why = found == there.end() ? "the other run has none"
                                                   : absl::StrCat("the other run has ", found->second.description());
      left_out.push_back(absl::StrCat(entries[i].description(), ": ", why));
    }
  }
  for (const auto& [entry, values] : fitting) std::memcpy(entry->data, values.data(), values.size());
  return left_out;
}

}  // namespace recbots
