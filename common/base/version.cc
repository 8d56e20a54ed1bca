#include "common/base/version.h"

namespace recbots {

const char kVersion[] = RECBOTS_VERSION;

}  // namespace recbots
