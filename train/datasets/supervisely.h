// Supervisely's project format (docs.supervisely.com: Annotation JSON format), in which Supervisely Persons comes.
#pragma once

#include "datasets/example.h"

namespace scrim::train {

// `project` holds meta.json and a folder for each part, with img/NAME and ann/NAME.json (or ann/STEM.json). Objects
// whose class begins with "person" are people: bitmaps (base64 of zlib-packed PNG, placed by their origin) and polygons
// with holes. Later objects lie over earlier ones; those of class "neutral" become ignored, any other hides what it
// covers. The source is called by the project's folder. Errors: no such project, or nothing in it.
StatusOr<Examples> ReadSupervisely(const std::string& project);

}  // namespace scrim::train
