#include "common/inference/dense.h"

#include <algorithm>
#include <cstring>

#include "common/base/log.h"
#include "common/inference/lanes.h"

namespace recbots {
namespace {

// The block of results held in registers: kHeadRows rows of up to kMaxVectors registers.
constexpr int kMaxVectors = kLanes == 16 ? 4 : 2;  // 24 of 32 registers, 12 of 16.
constexpr int kPanel = kLanes * kMaxVectors;
constexpr int kRows = DenseLayer::kHeadRows;

// The products with a head are summed up in this many lanes, whatever the size of a register: column c in lane c mod
// kHeadLanes. So the sums have the same bits on all processors on which the products have.
constexpr int kHeadLanes = 16;
struct alignas(64) HeadSums {
  float lanes[kHeadLanes];
};

// Adds the upper half of the lanes to the lower half until one number is left.
inline float Total(const HeadSums& sums) {
  using Eight = float __attribute__((vector_size(32)));
  using Four = float __attribute__((vector_size(16)));
  Eight eights[2];
  std::memcpy(eights, sums.lanes, sizeof(eights));
  const Eight eight = eights[0] + eights[1];
  Four fours[2];
  std::memcpy(fours, &eight, sizeof(fours));
  const Four four = fours[0] + fours[1];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// acc [R][V] = bias + x [R, K] panel [K, V * kLanes].
template <int R, int V>
inline __attribute__((always_inline)) void Multiply(const float* x, size_t x_stride, const float* panel,
                                                    const float* bias, int num_inputs, Lanes (&acc)[R][V]) {
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < V; ++v) acc[r][v] = LoadLanes(bias + v * kLanes);
  }
  for (int i = 0; i < num_inputs; ++i) {
    Lanes w[V];
    for (int v = 0; v < V; ++v) w[v] = LoadLanes(panel + (i * V + v) * kLanes);
    for (int r = 0; r < R; ++r) {
      const Lanes value = Broadcast(x[static_cast<size_t>(r) * x_stride + static_cast<size_t>(i)]);
      for (int v = 0; v < V; ++v) acc[r][v] = MultiplyAdd(value, w[v], acc[r][v]);
    }
  }
}

struct PanelInput {
  const float* x;
  size_t x_stride;
  const float* panel;
  const float* bias;
  int num_inputs;
};

template <int R, int V>
void ApplyPanel(const PanelInput& in, bool relu, float* y, size_t y_stride) {
  Lanes acc[R][V];
  Multiply<R, V>(in.x, in.x_stride, in.panel, in.bias, in.num_inputs, acc);
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < V; ++v) {
      StoreLanes(relu ? Relu(acc[r][v]) : acc[r][v], y + static_cast<size_t>(r) * y_stride + v * kLanes);
    }
  }
}

// Adds the columns of the panel that begins at column `begin` to the sums of each row, or begins these sums.
template <int R, int V>
void ApplyPanelWithHead(const PanelInput& in, const float* head, int begin, HeadSums* sums) {
  constexpr int kRegisters = std::min(V, kHeadLanes / kLanes);
  const bool starts = begin < kHeadLanes;
  Lanes acc[R][V];
  Multiply<R, V>(in.x, in.x_stride, in.panel, in.bias, in.num_inputs, acc);
  for (int r = 0; r < R; ++r) {
    float* lanes = sums[r].lanes + begin % kHeadLanes;
    Lanes sum[kRegisters];
    for (int s = 0; s < kRegisters; ++s) sum[s] = starts ? Lanes{} : LoadLanes(lanes + s * kLanes);
    for (int v = 0; v < V; ++v) {
      Lanes& mine = sum[v % kRegisters];
      mine = MultiplyAdd(Relu(acc[r][v]), LoadLanes(head + begin + v * kLanes), mine);
    }
    for (int s = 0; s < kRegisters; ++s) StoreLanes(sum[s], lanes + s * kLanes);
  }
}

// Calls body<R, V> for `rows` in 1..kRows and `vectors` in 1..kMaxVectors.
template <int V, typename Body>
inline void WithRows(int rows, const Body& body) {
  switch (rows) {
    case 1:
      return body.template operator()<1, V>();
    case 2:
      return body.template operator()<2, V>();
    case 3:
      return body.template operator()<3, V>();
    case 4:
      return body.template operator()<4, V>();
    case 5:
      return body.template operator()<5, V>();
    default:
      return body.template operator()<kRows, V>();
  }
}
template <typename Body>
inline void WithBlock(int rows, int vectors, const Body& body) {
  if (vectors == 1) return WithRows<1>(rows, body);
  if constexpr (kMaxVectors > 2) {
    if (vectors == 3) return WithRows<3>(rows, body);
    if (vectors == 4) return WithRows<4>(rows, body);
  }
  WithRows<2>(rows, body);
}

}  // namespace

int PaddedSize(int n) { return (n + kLanes - 1) / kLanes * kLanes; }

DenseLayer::DenseLayer(const float* weight, size_t stride, absl::Span<const float> bias, int num_outputs,
                       int num_inputs)
    : num_inputs_(num_inputs),
      num_outputs_(num_outputs),
      padded_outputs_(PaddedSize(num_outputs)),
      bias_(static_cast<size_t>(padded_outputs_)),
      weights_(static_cast<size_t>(padded_outputs_) * static_cast<size_t>(num_inputs)) {
  RECBOTS_CHECK(bias.empty() || bias.size() == static_cast<size_t>(num_outputs));
  std::copy(bias.begin(), bias.end(), bias_.data());
  float* to = weights_.data();
  for (int begin = 0; begin < padded_outputs_; begin += kPanel) {
    const int width = std::min(kPanel, padded_outputs_ - begin);
    for (int i = 0; i < num_inputs; ++i) {
      for (int column = begin; column < begin + width; ++column, ++to) {
        if (column < num_outputs) *to = weight[static_cast<size_t>(column) * stride + static_cast<size_t>(i)];
      }
    }
  }
}

void DenseLayer::Apply(const float* x, size_t x_stride, int num_rows, bool relu, float* y) const {
  const auto y_stride = static_cast<size_t>(padded_outputs_);
  for (int begin = 0; begin < padded_outputs_; begin += kPanel) {
    const int vectors = std::min(kPanel, padded_outputs_ - begin) / kLanes;
    const float* panel = weights_.data() + static_cast<size_t>(begin) * static_cast<size_t>(num_inputs_);
    for (int row = 0; row < num_rows; row += kRows) {
      const auto first = static_cast<size_t>(row);
      const PanelInput in = {x + first * x_stride, x_stride, panel, bias_.data() + begin, num_inputs_};
      float* out = y + first * y_stride + begin;
      WithBlock(std::min(kRows, num_rows - row), vectors,
                [&]<int R, int V>() { ApplyPanel<R, V>(in, relu, out, y_stride); });
    }
  }
}

void DenseLayer::ApplyWithHead(const float* x, size_t x_stride, int num_rows, const float* head, float* y) const {
  HeadSums sums[kRows];
  if (padded_outputs_ < kHeadLanes) std::fill_n(sums, kRows, HeadSums{});  // Lanes that no column reaches.
  for (int begin = 0; begin < padded_outputs_; begin += kPanel) {
    const int vectors = std::min(kPanel, padded_outputs_ - begin) / kLanes;
    const float* panel = weights_.data() + static_cast<size_t>(begin) * static_cast<size_t>(num_inputs_);
    const PanelInput in = {x, x_stride, panel, bias_.data() + begin, num_inputs_};
    WithBlock(num_rows, vectors, [&]<int R, int V>() { ApplyPanelWithHead<R, V>(in, head, begin, sums); });
  }
  for (int row = 0; row < num_rows; ++row) y[row] = Total(sums[row]);
}

void AddRelu(const float* a, const float* b, int n, float* y) {
  for (int i = 0; i < n; i += kLanes) StoreLanes(Relu(LoadLanes(a + i) + LoadLanes(b + i)), y + i);
}

}  // namespace recbots
