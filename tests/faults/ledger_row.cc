#include "tests/faults/ledger_row.h"

#include "absl/strings/string_view.h"
#include "common/base/crc32c.h"
#include "common/base/log.h"
#include "common/base/random.h"

namespace recbots::faults {

RowSchema LedgerSchema() {
  auto schema = RowSchema::Create({{"writer", DType::kInt64, {}},
                                   {"incarnation", DType::kInt64, {}},
                                   {"sequence", DType::kInt64, {}},
                                   {"check_value", DType::kInt32, {}},
                                   {"payload", DType::kInt32, {19}}});
  RECBOTS_CHECK_OK(schema.status());
  RECBOTS_CHECK(schema->row_bytes() == sizeof(LedgerRow));
  return *std::move(schema);
}

LedgerRow MakeLedgerRow(int64_t writer, int64_t incarnation, int64_t sequence) {
  LedgerRow row{writer, incarnation, sequence, 0, {}};
  const auto key = static_cast<uint64_t>(writer) << 32 ^ static_cast<uint64_t>(incarnation);
  for (uint32_t i = 0; i < 19; i += 4) {
    const auto block = Philox4x32({static_cast<uint32_t>(sequence), static_cast<uint32_t>(sequence >> 32), i, 0}, key);
    for (uint32_t j = 0; j < 4 && i + j < 19; ++j) row.payload[i + j] = static_cast<int32_t>(block[j]);
  }
  row.check = static_cast<int32_t>(Crc32c(absl::string_view(reinterpret_cast<const char*>(&row), sizeof(row))));
  return row;
}

bool IsWhole(const LedgerRow& row) { return row == MakeLedgerRow(row.writer, row.incarnation, row.sequence); }

}  // namespace recbots::faults
