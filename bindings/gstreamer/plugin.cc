#include <gst/gst.h>

#include "element.h"
#include "frame_meta.h"

#define PACKAGE "scrim"

static gboolean Init(GstPlugin* plugin) {
  scrim::gst::RegisterFrameMeta();
  return gst_element_register(plugin, "scrim", GST_RANK_NONE, GST_TYPE_SCRIM);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, scrim, "People before another background, in real time", Init,
                  SCRIM_VERSION_TEXT, "Apache 2.0", "scrim", "scrim")
