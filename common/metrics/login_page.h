// The page that asks a browser for the token.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace recbots {

// Where the form sends the token: parameters `token` and `next` of a POST.
inline constexpr char kLoginPath[] = "/login";

// A complete page (no script, no other file) for phones and desks, light and dark, keyboards and screen readers.
// `next` is the page to show after the login. `trouble` says why the last attempt was refused; "" if there was none.
std::string LoginHtml(absl::string_view role, absl::string_view next, absl::string_view trouble);

// A path of this server to go to: `target` (path and query as in a request line) without the parameter `token`. What
// would lead a browser to another server, or is no target, becomes /statusz.
std::string SafeTarget(absl::string_view target);

}  // namespace recbots
