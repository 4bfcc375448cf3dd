// The C ABI's scrim_params: their defaults, and the options that they stand for.
#pragma once

#include <scrim/scrim.h>

#include <cstddef>

#include "base/status.h"
#include "engine/live_segmenter.h"
#include "engine/segmenter.h"

namespace scrim::engine {

// Up to the fields of the first version whose scrim_params can grow.
inline constexpr size_t kOldestParams = offsetof(scrim_params, live);

scrim_params DefaultParams();
// Fields that the caller's header does not have yet get their defaults; null: all. kInvalidArgument: a size that no
// header had.
StatusOr<scrim_params> Completed(const scrim_params* given);

// kInvalidArgument names the field that is out of its range.
StatusOr<SegmenterOptions> ToOptions(const scrim_params& params);
StatusOr<LiveOptions> ToLiveOptions(const scrim_params& params);

}  // namespace scrim::engine
