#include "common/networks/training_state.h"

#include <ATen/ops/zeros.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/crc32c.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr absl::string_view kMagic = "RBLS";
constexpr uint32_t kVersion = 1;
constexpr size_t kCheckedFrom = 12;
constexpr size_t kCrcBytesAtOnce = size_t{1} << 30;
constexpr uint32_t kMaxNameBytes = 256;
constexpr uint32_t kMaxRank = 8;

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat("state: ", parts...));
}

uint32_t Checksum(absl::string_view data) {
  uint32_t crc = 0;
  for (; !data.empty(); data.remove_prefix(std::min(data.size(), kCrcBytesAtOnce))) {
    crc = Crc32c(data.substr(0, kCrcBytesAtOnce), crc);
  }
  return crc;
}

void Append(size_t value, std::string* out) {
  const auto number = static_cast<uint32_t>(value);
  out->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

absl::Status Take(absl::string_view* data, size_t size, absl::string_view what, absl::string_view* bytes) {
  if (data->size() < size) return Invalid("cut short: ", data->size(), " bytes left, ", what, " needs ", size);
  *bytes = data->substr(0, size);
  data->remove_prefix(size);
  return absl::OkStatus();
}

absl::Status TakeNumber(absl::string_view* data, uint32_t max, absl::string_view what, uint32_t* number) {
  absl::string_view bytes;
  RECBOTS_RETURN_IF_ERROR(Take(data, sizeof(*number), what, &bytes));
  std::memcpy(number, bytes.data(), sizeof(*number));
  return *number <= max ? absl::OkStatus() : Invalid(what, " ", *number, ", want at most ", max);
}

// The magic, the version and the checksum; leaves what comes behind them.
absl::Status TakeFrame(absl::string_view* data) {
  const absl::string_view whole = *data;
  absl::string_view magic;
  RECBOTS_RETURN_IF_ERROR(Take(data, kMagic.size(), "the magic", &magic));
  if (magic != kMagic) return Invalid("magic is not '", kMagic, "'");
  uint32_t version, crc;
  RECBOTS_RETURN_IF_ERROR(TakeNumber(data, UINT32_MAX, "the format version", &version));
  if (version != kVersion) return Invalid("format version ", version, ", want ", kVersion);
  RECBOTS_RETURN_IF_ERROR(TakeNumber(data, UINT32_MAX, "the checksum", &crc));
  const uint32_t computed = Checksum(whole.substr(kCheckedFrom));
  return computed == crc ? absl::OkStatus() : Invalid("checksum ", computed, ", want ", crc, " as the header says");
}

std::string Describe(absl::string_view name, size_t element_bytes, const std::vector<int32_t>& shape) {
  return absl::StrCat("'", name, "' float", 8 * element_bytes, " [", absl::StrJoin(shape, ", "), "]");
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

  absl::Status Check(absl::string_view from) const {
    for (size_t i = 0; i < elements; ++i) {
      const double value = Value(from, i);
      if (!std::isfinite(value)) return Invalid(name, "[", i, "] is ", value, ", want a finite number");
      if (values == Values::kNotNegative && value < 0)
        return Invalid(name, "[", i, "] is ", value, ", want at least 0");
      if (values == Values::kCounter && (value < 0 || value >= 0x1p53 || value != std::floor(value))) {
        return Invalid(name, " is ", value, ", want a whole number of at least 0 and below 2^53");
      }
    }
    return absl::OkStatus();
  }
};

TrainingState::TrainingState(const TrainingSpec& spec, at::ScalarType dtype)
    : spec_(spec), numbers_(at::zeros({static_cast<int64_t>(spec.numbers.size())}, at::TensorOptions(at::kDouble))) {
  RECBOTS_CHECK(spec.num_targets <= spec.tensors.size());
  const ParameterLayout layout(spec.tensors);
  const auto num_targets = static_cast<ptrdiff_t>(spec.num_targets);
  const ParameterLayout of_targets(std::vector<TensorSpec>(spec.tensors.begin(), spec.tensors.begin() + num_targets));
  flat_ = at::zeros({4 * layout.size() + of_targets.size()}, at::TensorOptions(dtype));
  int64_t begin = 0;
  const auto next = [this, &begin](const ParameterLayout& of) {
    const ParameterArena arena(of, flat_.narrow(0, begin, of.size()));
    begin += of.size();
    return arena;
  };
  all_.parameters = next(layout);
  all_.targets = next(of_targets);
  all_.mean = next(layout);
  all_.variance = next(layout);
  all_.gradients = next(layout);
}

TrainingTensors TrainingState::Part(absl::string_view first, size_t count) const {
  size_t begin = 0;
  while (begin < spec_.tensors.size() && spec_.tensors[begin].name != first) ++begin;
  const size_t end = begin + count;
  RECBOTS_CHECK(end <= spec_.tensors.size()) << "no " << count << " tensors from '" << std::string(first) << "' on";
  const auto targets = [this](size_t i) { return std::min(i, spec_.num_targets); };
  return {all_.parameters.Part(begin, end), all_.targets.Part(targets(begin), targets(end)), all_.mean.Part(begin, end),
          all_.variance.Part(begin, end), all_.gradients.Part(begin, end)};
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

std::string TrainingState::Save() const {
  const std::vector<Entry> entries = Entries();
  std::string body;
  Append(entries.size(), &body);
  for (const Entry& entry : entries) {
    Append(entry.name.size(), &body);
    body += entry.name;
    Append(entry.element_bytes, &body);
    Append(entry.shape.size(), &body);
    for (const int32_t extent : entry.shape) Append(static_cast<size_t>(extent), &body);
    body.append(entry.data, entry.bytes());
  }
  std::string saved(kMagic);
  Append(kVersion, &saved);
  Append(Checksum(body), &saved);
  return saved + body;
}

absl::Status TrainingState::Load(absl::string_view saved) {
  RECBOTS_RETURN_IF_ERROR(TakeFrame(&saved));
  const std::vector<Entry> entries = Entries();
  uint32_t count;
  RECBOTS_RETURN_IF_ERROR(TakeNumber(&saved, UINT32_MAX, "the number of tensors", &count));
  std::vector<absl::string_view> found;
  for (const Entry& entry : entries) {
    if (found.size() == count)
      return Invalid("ends before ", entry.description(), ", want ", entries.size(), " tensors");
    uint32_t name_bytes, element_bytes, rank;
    absl::string_view name, values;
    RECBOTS_RETURN_IF_ERROR(TakeNumber(&saved, kMaxNameBytes, "length of a name", &name_bytes));
    RECBOTS_RETURN_IF_ERROR(Take(&saved, name_bytes, "a name", &name));
    RECBOTS_RETURN_IF_ERROR(TakeNumber(&saved, sizeof(double), "bytes of an element", &element_bytes));
    RECBOTS_RETURN_IF_ERROR(TakeNumber(&saved, kMaxRank, "rank", &rank));
    std::vector<int32_t> shape(rank);
    for (int32_t& extent : shape) {
      uint32_t number;
      RECBOTS_RETURN_IF_ERROR(TakeNumber(&saved, INT32_MAX, "extent", &number));
      extent = static_cast<int32_t>(number);
    }
    const std::string description = Describe(name, element_bytes, shape);
    if (description != entry.description()) {
      return Invalid("tensor ", found.size(), " is ", description, ", want ", entry.description());
    }
    RECBOTS_RETURN_IF_ERROR(Take(&saved, entry.bytes(), entry.name, &values));
    RECBOTS_RETURN_IF_ERROR(entry.Check(values));
    found.push_back(values);
  }
  if (count != entries.size()) return Invalid(count, " tensors, want ", entries.size());
  if (!saved.empty()) return Invalid(saved.size(), " bytes after the last tensor, want 0");
  for (size_t i = 0; i < entries.size(); ++i) std::memcpy(entries[i].data, found[i].data(), found[i].size());
  return absl::OkStatus();
}

}  // namespace recbots
