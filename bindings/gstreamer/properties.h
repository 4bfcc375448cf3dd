// The element's properties: their descriptions, and from GValues to the Filter and back.
#pragma once

#include <glib-object.h>

#include <string>

#include "filter.h"

namespace scrim::gst {

void InstallProperties(GObjectClass* object_class);

// False: there is no such property. problem: in one line, why the value was not taken.
bool SetProperty(Filter* filter, guint id, const GValue* value, std::string* problem);
bool GetProperty(const Filter& filter, guint id, GValue* value);

}  // namespace scrim::gst
