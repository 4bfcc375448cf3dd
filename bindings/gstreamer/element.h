// The element `scrim`: shows the people of a video before another background.
#pragma once

#include <gst/video/gstvideofilter.h>

G_BEGIN_DECLS

#define GST_TYPE_SCRIM (gst_scrim_get_type())
G_DECLARE_FINAL_TYPE(GstScrim, gst_scrim, GST, SCRIM, GstVideoFilter)

G_END_DECLS
