// recbots health HOST:PORT, for container health checks.
#pragma once

#include <string>
#include <vector>

namespace recbots {

// `HOST:PORT` asks grpc.health.v1; `--http HOST:PORT` asks /healthz. Exit code 0: serving; 1: not, or no answer in 3 s.
int HealthCommand(const std::vector<std::string>& arguments);

}  // namespace recbots
