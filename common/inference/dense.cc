#include "common/inference/dense.h"

#include <algorithm>
#include <cstring>

#include "common/base/log.h"

namespace recbots {
namespace {

// One register of floats, and the block of results held in registers: kHeadRows rows of up to kMaxVectors registers.
#if defined(__AVX512F__)
constexpr int kLanes = 16;
constexpr int kMaxVectors = 4;  // 24 of 32 registers.
#elif defined(__AVX__)
constexpr int kLanes = 8;
constexpr int kMaxVectors = 2;  // 12 of 16 registers.
#else
constexpr int kLanes = 4;
constexpr int kMaxVectors = 2;
#endif
constexpr int kPanel = kLanes * kMaxVectors;
constexpr int kRows = DenseLayer::kHeadRows;
using Vector = float __attribute__((vector_size(kLanes * sizeof(float))));

inline Vector Load(const float* from) {
  Vector v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}
inline void Store(const Vector& v, float* to) { std::memcpy(to, &v, sizeof(v)); }
inline Vector Relu(const Vector& v) { return v > 0 ? v : Vector{}; }

// Sum of the lanes, in halves: always in the same order.
inline float Sum(const Vector& v) {
  float lanes[kLanes];
  Store(v, lanes);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}

// acc [R][V] = bias + x [R, K] panel [K, V * kLanes].
template <int R, int V>
inline __attribute__((always_inline)) void Multiply(const float* x, size_t x_stride, const float* panel,
                                                    const float* bias, int num_inputs, Vector (&acc)[R][V]) {
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < V; ++v) acc[r][v] = Load(bias + v * kLanes);
  }
  for (int i = 0; i < num_inputs; ++i) {
    Vector w[V];
    for (int v = 0; v < V; ++v) w[v] = Load(panel + (i * V + v) * kLanes);
    for (int r = 0; r < R; ++r) {
      const float value = x[static_cast<size_t>(r) * x_stride + static_cast<size_t>(i)];
      for (int v = 0; v < V; ++v) acc[r][v] += value * w[v];
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
  Vector acc[R][V];
  Multiply<R, V>(in.x, in.x_stride, in.panel, in.bias, in.num_inputs, acc);
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < V; ++v) {
      Store(relu ? Relu(acc[r][v]) : acc[r][v], y + static_cast<size_t>(r) * y_stride + v * kLanes);
    }
  }
}

template <int R, int V>
void ApplyPanelWithHead(const PanelInput& in, const float* head, float* y) {
  Vector acc[R][V];
  Multiply<R, V>(in.x, in.x_stride, in.panel, in.bias, in.num_inputs, acc);
  for (int r = 0; r < R; ++r) {
    Vector sum{};
    for (int v = 0; v < V; ++v) sum += Relu(acc[r][v]) * Load(head + v * kLanes);
    y[r] += Sum(sum);
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
  std::fill_n(y, num_rows, 0.0f);
  for (int begin = 0; begin < padded_outputs_; begin += kPanel) {
    const int vectors = std::min(kPanel, padded_outputs_ - begin) / kLanes;
    const float* panel = weights_.data() + static_cast<size_t>(begin) * static_cast<size_t>(num_inputs_);
    const PanelInput in = {x, x_stride, panel, bias_.data() + begin, num_inputs_};
    WithBlock(num_rows, vectors, [&]<int R, int V>() { ApplyPanelWithHead<R, V>(in, head + begin, y); });
  }
}

void AddRelu(const float* a, const float* b, int n, float* y) {
  for (int i = 0; i < n; i += kLanes) Store(Relu(Load(a + i) + Load(b + i)), y + i);
}

}  // namespace recbots
