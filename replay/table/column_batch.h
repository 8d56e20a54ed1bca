// A batch of rows as columns, in memory that tensors can wrap without a copy: each column starts at a multiple of 64
// bytes.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <type_traits>

#include "absl/types/span.h"
#include "common/base/log.h"
#include "common/base/row_schema.h"

namespace recbots::replay {

// The DType of a C++ element type.
template <typename T>
inline constexpr bool kIsElement = false;
template <>
inline constexpr bool kIsElement<float> = true;
template <>
inline constexpr bool kIsElement<int32_t> = true;
template <>
inline constexpr bool kIsElement<int64_t> = true;
template <typename T>
constexpr DType DTypeOf() {
  static_assert(kIsElement<T>);
  return std::is_same_v<T, float> ? DType::kFloat32 : std::is_same_v<T, int32_t> ? DType::kInt32 : DType::kInt64;
}

// Owns the memory; movable. Not thread-safe. The schema is shared because a batch may outlive the object that made it.
class ColumnBatch {
 public:
  ColumnBatch() = default;
  ColumnBatch(std::shared_ptr<const RowSchema> schema, int64_t num_rows);

  const RowSchema& schema() const { return *schema_; }
  int64_t num_rows() const { return num_rows_; }

  // The whole payload, in the layout of RowSchema::batch_offset.
  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  size_t size() const { return size_; }

  // Column i as [num_rows, shape...]. T must be the column's element type.
  template <typename T>
  absl::Span<const T> column(size_t i) const {
    return {reinterpret_cast<const T*>(ColumnData(i, DTypeOf<T>())), ColumnElements(i)};
  }
  template <typename T>
  absl::Span<T> mutable_column(size_t i) {
    return {reinterpret_cast<T*>(const_cast<char*>(ColumnData(i, DTypeOf<T>()))), ColumnElements(i)};
  }

 private:
  struct Free {
    void operator()(char* data) const { std::free(data); }
  };

  const char* ColumnData(size_t i, DType dtype) const;
  size_t ColumnElements(size_t i) const;

  std::shared_ptr<const RowSchema> schema_;
  int64_t num_rows_ = 0;
  size_t size_ = 0;
  std::unique_ptr<char, Free> data_;
};

}  // namespace recbots::replay
