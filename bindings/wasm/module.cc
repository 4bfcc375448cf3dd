// Nothing but the C ABI, and the layout of its structs that scripts rely on (web/package/src/abi.ts, test.mjs).
#include <scrim/scrim.h>

static_assert(sizeof(scrim_frame) == 40 && offsetof(scrim_frame, matrix) == 4 && offsetof(scrim_frame, width) == 8 &&
              offsetof(scrim_frame, height) == 12 && offsetof(scrim_frame, planes) == 16 &&
              offsetof(scrim_frame, strides) == 28);
static_assert(offsetof(scrim_params, input_width) == 4 && offsetof(scrim_params, input_height) == 8 &&
              offsetof(scrim_params, threads) == 12 && offsetof(scrim_params, stabilise) == 20 &&
              offsetof(scrim_params, remove_islands) == 24 && offsetof(scrim_params, refine_edges) == 28 &&
              offsetof(scrim_params, level_low) == 32 && offsetof(scrim_params, level_high) == 36 &&
              offsetof(scrim_params, decontaminate_edges) == 40 && offsetof(scrim_params, light_wrap) == 44 &&
              offsetof(scrim_params, budget_ms) == 76 && sizeof(scrim_params) >= 84);
static_assert(offsetof(scrim_background, strength) == 4 && offsetof(scrim_background, red) == 8 &&
              sizeof(scrim_background) == 12);
static_assert(offsetof(scrim_times, network) == 8 && offsetof(scrim_times, matte) == 16 &&
              offsetof(scrim_times, compose) == 24);
