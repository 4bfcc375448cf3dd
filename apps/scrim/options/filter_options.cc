#include "options/filter_options.h"

namespace scrim::app {
namespace {

std::string TextOf(const graph::Density& size) {
  return size.width > 0 ? std::to_string(size.width) + "x" + std::to_string(size.height) : "";
}

}  // namespace

void Configure(GstElement* filter, const FilterOptions& options) {
  const CommonOptions& common = options.common;
  const std::string input_size = TextOf(common.input_size);
  gst_util_set_object_arg(G_OBJECT(filter), "fit", options.fit.c_str());
  g_object_set(filter, "model", common.model.c_str(), "input-size", input_size.c_str(), "target", common.target.c_str(),
               "threads", common.threads, "refine-edges", common.refine_edges, "stabilise", !common.raw,
               "remove-islands", !common.raw, "budget", options.budget.c_str(), "background",
               options.background.c_str(), "decontaminate-edges", common.decontaminate_edges, "light-wrap",
               double{common.light_wrap}, "match-brightness", double{common.match_brightness}, "person-size",
               double{common.person_size}, "person-position", double{common.person_position}, "hair-color",
               common.hair_color.c_str(), "hair-strength", double{common.hair_strength}, "smooth-skin",
               double{common.smooth_skin}, nullptr);
  gst_util_set_object_arg(G_OBJECT(filter), "keep", common.keep_room ? "room" : "person");
}

Status Configure(gst::Filter* filter, const FilterOptions& options) {
  const CommonOptions& common = options.common;
  filter->SetFit(options.fit == "contain" ? gst::Fit::kContain
                 : options.fit == "tile"  ? gst::Fit::kTile
                                          : gst::Fit::kCover);
  filter->Change([&](gst::Settings* s) {
    s->model = common.model, s->input_size = TextOf(common.input_size), s->target = common.target;
    s->threads = common.threads, s->refine_edges = common.refine_edges, s->stabilise = s->remove_islands = !common.raw;
    s->decontaminate_edges = common.decontaminate_edges, s->light_wrap = common.light_wrap;
    s->match_brightness = common.match_brightness;
    s->person_size = common.person_size, s->person_position = common.person_position;
    s->keep = common.keep_room ? gst::Keep::kRoom : gst::Keep::kPerson;
    s->retouch = {common.hair_color, common.hair_strength, common.smooth_skin};
    s->live = gst::Live::kOff;
  });
  const std::string problem = filter->SetBackground(options.background);
  return problem.empty() ? Status() : InvalidArgument(problem);
}

}  // namespace scrim::app
