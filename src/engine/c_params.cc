#include "engine/c_params.h"

#include <cstring>

#include "compose/edge_colours.h"
#include "compose/placement.h"

namespace scrim::engine {

// In the padding behind the last field an old caller's bytes would be taken for a new one.
static_assert(offsetof(scrim_params, budget_percent) + sizeof(scrim_params::budget_percent) == sizeof(scrim_params));

scrim_params DefaultParams() {
  const SegmenterOptions options;
  scrim_params params{};
  params.struct_size = sizeof(scrim_params);
  params.threads = options.threads;
  params.stabilise = options.stabiliser.enabled;
  params.remove_islands = options.regions.enabled;
  params.refine_edges = options.refiner.guided;
  params.level_low = options.refiner.low;
  params.level_high = options.refiner.high;
  const compose::EdgeOptions edges;
  params.decontaminate_edges = edges.decontaminate;
  params.light_wrap = edges.light_wrap;
  const compose::PlacementOptions placement;
  params.person_size = placement.size;
  params.person_position = placement.position;
  const LiveOptions live;
  params.wait_ms = static_cast<float>(live.wait_ms);
  params.max_mask_age_ms = static_cast<float>(live.max_mask_age_ms);
  return params;
}

StatusOr<scrim_params> Completed(const scrim_params* given) {
  scrim_params params = DefaultParams();
  if (given == nullptr) return params;
  const size_t size = given->struct_size;
  if (size < kOldestParams || size > sizeof params) return InvalidArgument("params: not made by scrim_params_init");
  std::memcpy(&params, given, size);
  return params;
}

StatusOr<SegmenterOptions> ToOptions(const scrim_params& params) {
  if (params.input_width < 0 || params.input_height < 0 || (params.input_width == 0) != (params.input_height == 0)) {
    return InvalidArgument("params: the input size must have two positive sides, or be 0x0 for the model's own");
  }
  if (!(params.level_low >= 0 && params.level_low < params.level_high && params.level_high <= 1)) {
    return InvalidArgument("params: levels must be 0 <= low < high <= 1");
  }
  if (!(params.light_wrap >= 0 && params.light_wrap <= 1)) return InvalidArgument("params: light_wrap must be 0 to 1");
  if (!(params.match_brightness >= 0 && params.match_brightness <= 1))
    return InvalidArgument("params: match_brightness must be 0 to 1");
  if (!(params.person_size >= 0.1f && params.person_size <= 1))
    return InvalidArgument("params: person_size must be 0.1 to 1");
  if (!(params.person_position >= 0 && params.person_position <= 1))
    return InvalidArgument("params: person_position must be 0 to 1");
  SegmenterOptions options;
  options.density = {params.input_width, params.input_height};
  if (params.target != nullptr) options.target = params.target;
  options.threads = params.threads;
  options.stabiliser.enabled = params.stabilise != 0;
  options.regions.enabled = params.remove_islands != 0;
  options.refiner.guided = params.refine_edges != 0;
  options.refiner.low = params.level_low;
  options.refiner.high = params.level_high;
  if (!(params.budget_ms >= 0)) return InvalidArgument("params: budget_ms must be 0 or more");
  options.budget_ms = params.budget_ms;
  return options;
}

StatusOr<LiveOptions> ToLiveOptions(const scrim_params& params) {
  if (!(params.wait_ms >= 0 && params.wait_ms <= 1000)) return InvalidArgument("params: wait_ms must be 0 to 1000");
  if (!(params.max_mask_age_ms > 0)) return InvalidArgument("params: max_mask_age_ms must be more than 0");
  if (!(params.budget_percent >= 0 && params.budget_percent <= 100))
    return InvalidArgument("params: budget_percent must be 0 to 100");
  LiveOptions live;
  live.wait_ms = params.wait_ms;
  live.max_mask_age_ms = params.max_mask_age_ms;
  live.budget_ms = params.budget_ms;
  live.budget_percent = params.budget_percent;
  return live;
}

}  // namespace scrim::engine
