#include "actor/client/principal_axes.h"

#include <algorithm>
#include <cmath>

namespace recbots {
namespace {

using Vector = std::vector<double>;

constexpr int kMaxRounds = 500;
constexpr double kSettled = 1e-10;  // The change of a unit vector's coordinates below which the search ends.

double Dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// False where the vector is 0.
bool ScaleToUnit(Vector& vector) {
  const double length = std::sqrt(Dot(vector, vector));
  if (!(length > 1e-300)) return false;
  for (double& one : vector) one /= length;
  return true;
}

void MakeOrthogonal(Vector& vector, const Vector& to) {
  if (to.empty()) return;
  const double along = Dot(vector, to);
  for (size_t i = 0; i < vector.size(); ++i) vector[i] -= along * to[i];
}

// The eigenvector of the largest eigenvalue of the symmetric matrix [E, E] among those orthogonal to `to`, by power
// iteration from a vector that no symmetry of the coordinates singles out.
Vector LargestAxis(const Vector& matrix, size_t size, const Vector& to) {
  Vector axis(size);
  for (size_t i = 0; i < size; ++i) axis[i] = 1 + 0.618 * static_cast<double>((i * 7919) % 97) / 97;
  MakeOrthogonal(axis, to);
  if (!ScaleToUnit(axis)) return Vector(size);
  for (int round = 0; round < kMaxRounds; ++round) {
    Vector next(size);
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j < size; ++j) next[i] += matrix[i * size + j] * axis[j];
    }
    MakeOrthogonal(next, to);
    if (!ScaleToUnit(next)) break;  // No variance is left in any direction.
    double change = 0;
    for (size_t i = 0; i < size; ++i) change = std::max(change, std::abs(next[i] - axis[i]));
    axis = std::move(next);
    if (change < kSettled) break;
  }
  return axis;
}

void Turn(Vector& axis, const Vector* before) {
  const auto largest =
      std::max_element(axis.begin(), axis.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  const double sign = before != nullptr ? Dot(axis, *before) : *largest;
  if (sign >= 0) return;
  for (double& one : axis) one = -one;
}

}  // namespace

void PrincipalAxes::Project(const float* point, float* xy) const {
  for (size_t k = 0; k < 2; ++k) {
    double sum = 0;
    for (size_t i = 0; i < mean.size(); ++i) sum += (static_cast<double>(point[i]) - mean[i]) * axes[k][i];
    xy[k] = static_cast<float>(sum);
  }
}

PrincipalAxes FindPrincipalAxes(absl::Span<const float> points, size_t coordinates, const PrincipalAxes* before) {
  const size_t size = coordinates, n = points.size() / size;
  PrincipalAxes found;
  found.mean.assign(size, 0);
  for (size_t p = 0; p < n; ++p) {
    for (size_t i = 0; i < size; ++i)
      found.mean[i] += static_cast<double>(points[p * size + i]) / static_cast<double>(n);
  }
  Vector covariance(size * size), centred(size);
  for (size_t p = 0; p < n; ++p) {
    for (size_t i = 0; i < size; ++i) centred[i] = static_cast<double>(points[p * size + i]) - found.mean[i];
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j < size; ++j) covariance[i * size + j] += centred[i] * centred[j] / static_cast<double>(n);
    }
  }
  double variance = 0, along = 0;
  for (size_t i = 0; i < size; ++i) variance += covariance[i * size + i];
  const bool known = before != nullptr && before->mean.size() == size;
  for (size_t k = 0; k < 2; ++k) {
    Vector& axis = found.axes[k];
    axis = LargestAxis(covariance, size, k == 0 ? Vector() : found.axes[0]);
    Turn(axis, known ? &before->axes[k] : nullptr);
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j < size; ++j) along += axis[i] * covariance[i * size + j] * axis[j];
    }
  }
  found.explained = variance > 0 ? std::min(1.0, along / variance) : 0;
  return found;
}

}  // namespace recbots
