// JSON as the commands write it.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace scrim::app {

using Json = nlohmann::ordered_json;  // keys stay in the order of writing

// A figure with as many decimals as it is worth.
inline double Rounded(double value, int decimals) {
  const double scale = std::pow(10, decimals);
  return std::round(value * scale) / scale;
}

// Indented, with a line feed at the end. What is not UTF-8, as names of files may be, becomes U+FFFD.
inline std::string ToText(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace scrim::app
