// obs-scrim: what OBS loads.
#include <obs-module.h>

#include "obs/filter.h"

OBS_DECLARE_MODULE()
OBS_MODULE_USE_DEFAULT_LOCALE("obs-scrim", "en-US")

MODULE_EXPORT const char* obs_module_name(void) { return "scrim"; }
MODULE_EXPORT const char* obs_module_description(void) { return obs_module_text("Description"); }

bool obs_module_load(void) {
  const obs_source_info filter = scrim::obs::FilterInfo();
  obs_register_source(&filter);
  return true;
}
