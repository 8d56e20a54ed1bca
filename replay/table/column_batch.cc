#include "replay/table/column_batch.h"

#include <cstring>
#include <utility>

namespace recbots::replay {

ColumnBatch::ColumnBatch(std::shared_ptr<const RowSchema> schema, int64_t num_rows)
    : schema_(std::move(schema)), num_rows_(num_rows), size_(schema_->batch_bytes(static_cast<size_t>(num_rows))) {
  RECBOTS_CHECK(num_rows >= 1) << "num_rows " << num_rows;
  data_.reset(static_cast<char*>(std::aligned_alloc(RowSchema::kColumnAlignment, size_)));
  RECBOTS_CHECK(data_ != nullptr) << "no memory for a batch of " << size_ << " bytes";
  std::memset(data_.get(), 0,
              size_);  // Clears the padding, too: old memory is never sent.
}

const char* ColumnBatch::ColumnData(size_t i, DType dtype) const {
  RECBOTS_CHECK(i < schema_->columns().size());
  RECBOTS_CHECK(schema_->columns()[i].dtype == dtype) << "column " << schema_->columns()[i].name;
  return data_.get() + schema_->batch_offset(i, static_cast<size_t>(num_rows_));
}

size_t ColumnBatch::ColumnElements(size_t i) const {
  return schema_->column_bytes(i) * static_cast<size_t>(num_rows_) / SizeOf(schema_->columns()[i].dtype);
}

}  // namespace recbots::replay
