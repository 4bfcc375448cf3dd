// Work that may take long, such as opening a device or a picture, away from GLib's main loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace scrim::app {

// Runs `work` in GLib's default main loop, from any thread.
void InMainLoop(std::function<void()> work);

// Runs `work` on a thread of its own. Nobody can end it: what hangs is left alone, and the process goes without it.
void StartErrand(std::function<void()> work);

// The same, and then `done` with what `work` returned, in the main loop.
template <typename Result>
void StartErrand(std::function<Result()> work, std::function<void(Result)> done) {
  StartErrand([work = std::move(work), done = std::move(done)] {
    auto result = std::make_shared<Result>(work());
    InMainLoop([result, done] { done(std::move(*result)); });
  });
}

// Lets go of something whose destructor may take long.
template <typename T>
void ReleaseElsewhere(std::shared_ptr<T> object, std::function<void()> released = {}) {
  if (object == nullptr) return;
  auto last = std::make_shared<std::shared_ptr<T>>(std::move(object));
  StartErrand([last, released = std::move(released)] {
    last->reset();
    if (released) InMainLoop(released);
  });
}

// Whether all errands have ended, which is waited for so long. Where they have not, the process must end by _exit: they
// use what destructors at the end of a process take away.
// Any thread.
bool ErrandsEnd(std::chrono::milliseconds patience);

}  // namespace scrim::app
