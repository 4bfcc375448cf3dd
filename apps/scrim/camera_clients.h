// Whether anybody looks at our PipeWire camera.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace scrim::app {

class CameraClients {
 public:
  // on_change gets the number of links from the node of this name, from a thread of PipeWire's, whenever it changes.
  // Null where there is no PipeWire, or this build has none.
  static std::unique_ptr<CameraClients> Watch(const std::string& node, std::function<void(int)> on_change);
  virtual ~CameraClients() = default;
};

}  // namespace scrim::app
