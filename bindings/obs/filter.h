// The effect filter `scrim` of OBS Studio.
#pragma once

#include <obs-module.h>

namespace scrim::obs {

obs_source_info FilterInfo();

}  // namespace scrim::obs
