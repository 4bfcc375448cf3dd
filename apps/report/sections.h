// The parts of the report, in the order of the page. Each runs what it needs, draws into setup.output and writes to the
// page.
#pragma once

#include "inputs.h"
#include "page.h"
#include "steps.h"

namespace scrim::report {

Status AddSideBySide(const Setup& setup, Page& page);
Status AddQuality(const Setup& setup, const Photos& photos, Page& page);       // against the peers
Status AddPredecessors(const Setup& setup, const Photos& photos, Page& page);  // clips, then photos
Status AddDensity(const Setup& setup, const Photos& photos, Page& page);
Status AddAblation(const Setup& setup, Page& page);
Status AddCurves(const Setup& setup, Page& page);
Status AddTimes(const Setup& setup, Page& page);
Status AddFailures(const Setup& setup, Page& page);

}  // namespace scrim::report
