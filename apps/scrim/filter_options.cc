#include "filter_options.h"

namespace scrim::app {
namespace {

std::string TextOf(const graph::Density& density) {
  return density.width > 0 ? std::to_string(density.width) + "x" + std::to_string(density.height) : "";
}

}  // namespace

void Configure(GstElement* filter, const FilterOptions& options) {
  const CommonOptions& common = options.common;
  const std::string density = TextOf(common.density);
  gst_util_set_object_arg(G_OBJECT(filter), "fit", options.fit.c_str());
  g_object_set(filter, "model", common.model.c_str(), "density", density.c_str(), "target", common.target.c_str(),
               "threads", common.threads, "guided", !common.bilinear, "stabilise", !common.raw, "clean", !common.raw,
               "budget", options.budget.c_str(), "background", options.background.c_str(), "foreground",
               common.foreground, "light-wrap", double{common.light_wrap}, "match-brightness",
               double{common.match_brightness}, "person-size", double{common.person_size}, "person-position",
               double{common.person_position}, nullptr);
  gst_util_set_object_arg(G_OBJECT(filter), "keep", common.keep_room ? "room" : "person");
}

Status Configure(gst::Filter* filter, const FilterOptions& options) {
  const CommonOptions& common = options.common;
  filter->SetFit(options.fit == "contain" ? gst::Fit::kContain
                 : options.fit == "tile"  ? gst::Fit::kTile
                                          : gst::Fit::kCover);
  filter->Change([&](gst::Settings* s) {
    s->model = common.model, s->density = TextOf(common.density), s->target = common.target;
    s->threads = common.threads, s->guided = !common.bilinear, s->stabilise = s->clean = !common.raw;
    s->foreground = common.foreground, s->light_wrap = common.light_wrap;
    s->match_brightness = common.match_brightness;
    s->person_size = common.person_size, s->person_position = common.person_position;
    s->keep = common.keep_room ? gst::Keep::kRoom : gst::Keep::kPerson;
    s->live = gst::Live::kOff;
  });
  const std::string problem = filter->SetBackground(options.background);
  return problem.empty() ? Status() : InvalidArgument(problem);
}

}  // namespace scrim::app
