// The targets by name.
#pragma once

#include <string>
#include <vector>

#include "tests/fuzz/fuzz_targets.h"

namespace recbots::replay {

struct FuzzTarget {
  const char* name;
  void (*run)(absl::string_view bytes);
  std::vector<std::string> (*seeds)();
};

inline std::vector<FuzzTarget> AllFuzzTargets() {
  return {{"manifest", FuzzManifest, ManifestSeeds},
          {"block_file", FuzzBlockFile, BlockFileSeeds},
          {"table_restore", FuzzTableRestore, TableRestoreSeeds},
          {"insert_block", FuzzInsertBlock, InsertBlockSeeds},
          {"sample_batch", FuzzSampleBatch, SampleBatchSeeds},
          {"role_reports", FuzzRoleReports, RoleReportSeeds},
          {"page_request", FuzzPageRequest, PageRequestSeeds},
          {"log", FuzzLog, LogSeeds}};
}

}  // namespace recbots::replay
