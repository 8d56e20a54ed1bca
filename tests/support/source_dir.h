// Where the project's files are: the one place that knows the path, so that the tests themselves compile to the same
// bytes in every checkout and the compiler cache serves all of them.
#pragma once

#include <string>

namespace recbots::testing {

// The root of the checkout that this test was built in, without a slash at the end.
std::string SourceDir();

}  // namespace recbots::testing
