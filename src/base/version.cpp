// SPDX-License-Identifier: Apache-2.0
//
// The one file that is compiled anew when the version changes.
#include "base/version.hpp"

namespace attncalc {

std::string_view tool_version() { return ATTNCALC_VERSION; }

}  // namespace attncalc
