// SPDX-License-Identifier: Apache-2.0
//
// A roofline as SVG 1.1 that stands alone: no script, no font, nothing fetched. It follows the
// reader's light or dark scheme where the viewer knows it and is light elsewhere; shapes and
// weights of lines say what colours say, so it can be printed in grey.
#pragma once

#include <string>

#include "roofline/picture.hpp"

namespace attncalc {

std::string render_svg(const RooflinePicture& picture);

}  // namespace attncalc
