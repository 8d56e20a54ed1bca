// Early return on a Status that is not OK.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define RECBOTS_RETURN_IF_ERROR(expression)                        \
  do {                                                             \
    absl::Status recbots_return_status = (expression);             \
    if (!recbots_return_status.ok()) return recbots_return_status; \
  } while (false)

#define RECBOTS_CONCAT_INNER(a, b) a##b
#define RECBOTS_CONCAT(a, b) RECBOTS_CONCAT_INNER(a, b)

// RECBOTS_ASSIGN_OR_RETURN(auto x, MakeX());
#define RECBOTS_ASSIGN_OR_RETURN(lhs, expression) \
  RECBOTS_ASSIGN_OR_RETURN_IMPL(RECBOTS_CONCAT(recbots_statusor_, __LINE__), lhs, expression)
#define RECBOTS_ASSIGN_OR_RETURN_IMPL(statusor, lhs, expression) \
  auto statusor = (expression);                                  \
  if (!statusor.ok()) return std::move(statusor).status();       \
  lhs = *std::move(statusor)
