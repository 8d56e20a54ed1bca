// recbots health ADDRESS, for container health checks.
#pragma once

#include <string>
#include <vector>

namespace recbots {

// `HOST:PORT` or `unix:/PATH` (several with commas: all of them) asks grpc.health.v1, with --tls_cert, --tls_key and
// --tls_ca where the server wants TLS; `--http HOST:PORT` asks /healthz. Exit code 0: serving; 1: not, or no answer in
// 3 s; 2: a flag or an address is wrong.
int HealthCommand(const std::vector<std::string>& arguments);

}  // namespace recbots
