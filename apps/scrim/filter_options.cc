#include "filter_options.h"

namespace scrim::app {

void Configure(GstElement* filter, const FilterOptions& options) {
  const CommonOptions& common = options.common;
  const std::string density = common.density.width > 0
                                  ? std::to_string(common.density.width) + "x" + std::to_string(common.density.height)
                                  : "";
  gst_util_set_object_arg(G_OBJECT(filter), "fit", options.fit.c_str());
  g_object_set(filter, "model", common.model.c_str(), "density", density.c_str(), "target", common.target.c_str(),
               "threads", common.threads, "guided", !common.bilinear, "stabilise", !common.raw, "clean", !common.raw,
               "budget", options.budget.c_str(), "background", options.background.c_str(), "foreground",
               common.foreground, "light-wrap", double{common.light_wrap}, "match-brightness",
               double{common.match_brightness}, "person-size", double{common.person_size}, "person-position",
               double{common.person_position}, nullptr);
  gst_util_set_object_arg(G_OBJECT(filter), "keep", common.keep_room ? "room" : "person");
}

}  // namespace scrim::app
