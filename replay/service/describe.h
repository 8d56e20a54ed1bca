// Fills messages of the protocol with the state of tables.
#pragma once

#include "recbots/v1/replay.pb.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {

void FillTableState(const TableHub& hub, const TableState& state, v1::TableState& out);
// The schema is absent while it is not known; capacity_rows is then that of the settings.
void FillTableInfo(TableHub& hub, v1::TableInfo& out);

}  // namespace recbots::replay
