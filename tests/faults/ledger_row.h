// Rows that say who wrote them, which they are, and whether they came through whole.
#pragma once

#include <cstdint>

#include "common/base/row_schema.h"

namespace recbots::faults {

struct LedgerRow {
  int64_t writer = 0;
  int64_t incarnation = 0;  // Of the writing process: a new one after every kill.
  int64_t sequence = 0;     // From 0 within an incarnation.
  int32_t check = 0;        // CRC-32C of the row with this field 0.
  int32_t payload[19] = {};

  friend bool operator==(const LedgerRow&, const LedgerRow&) = default;
};
static_assert(sizeof(LedgerRow) == 104);

// The columns of LedgerRow, in its memory layout.
RowSchema LedgerSchema();

// The payload follows from the three numbers, so that rows can also be told from each other by it.
LedgerRow MakeLedgerRow(int64_t writer, int64_t incarnation, int64_t sequence);

// Whether checksum and payload are those that MakeLedgerRow gave.
bool IsWhole(const LedgerRow& row);

}  // namespace recbots::faults
