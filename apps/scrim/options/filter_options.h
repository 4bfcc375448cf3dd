// From the command line's options to the properties of the element `scrim`.
#pragma once

#include <gst/gst.h>

#include <string>

#include "base/status.h"
#include "gstreamer/filter.h"
#include "options/session.h"

namespace scrim::app {

struct FilterOptions {
  CommonOptions common;
  std::string background;  // as scrim_parse_background, or a file
  std::string fit = "cover";
  std::string budget;  // live: Nms or N%; empty: any
};

// Sets what differs from the element's defaults. options.common.model must be a file (see FindModel).
void Configure(GstElement* filter, const FilterOptions& options);

// The same without GStreamer around it.
Status Configure(gst::Filter* filter, const FilterOptions& options);

}  // namespace scrim::app
