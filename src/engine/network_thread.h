// The network in a thread of its own, by the newest-wins rule.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/status.h"
#include "engine/mask_network.h"
#include "graph/model.h"
#include "image/frame.h"

namespace scrim::engine {

// What the network said of one picture.
struct TimedMask {
  uint64_t number = 0;  // of the picture, as submitted; 0: none yet
  double time = 0;      // as submitted
  Status status;        // when not ok, there are no masks
  image::Bytes picture;
  image::Floats raw, steady;  // see MaskNetwork
  PlaneMasks steady_planes;   // of the planes asked for
  double network_ms = 0, stabiliser_ms = 0;
};

// One thread submits and takes, the caller's; nothing that it calls waits for the network, except Wait and the
// destructor. A build without threads (WebAssembly) runs the network inside Submit.
class NetworkThread {
 public:
  // Errors: kIo when the system gives no thread. `make`, called on the network's thread, may be empty: the size never
  // changes then.
  static StatusOr<std::unique_ptr<NetworkThread>> Start(std::unique_ptr<MaskNetwork> network, MakeNetwork make);
  // Waits for the run in hand.
  ~NetworkThread();
  NetworkThread(const NetworkThread&) = delete;
  NetworkThread& operator=(const NetworkThread&) = delete;

  // Hands a picture of the size density() over; one that still waits to be run is dropped for it. number: larger than
  // all before. time: anything, it comes back with the mask. Copies the picture. False: the size has changed. planes:
  // to be read besides the person's.
  bool Submit(uint64_t number, double time, const image::Bytes& picture, PlaneSet planes = 0);

  // Until the answer to picture `number` or a newer one is there or cannot come any more, or so many milliseconds have
  // passed.
  void Wait(uint64_t number, double ms);

  // Exchanges *mask for the newest one where that was not taken yet; false: there is none.
  bool Take(TimedMask* mask);

  // Answers to pictures submitted so far never come, and the next one is run as the first of another clip.
  void Forget();

  // Asks for another size. density() changes when the new network is ready, to which the last mask is handed on;
  // pictures of the old size that wait are dropped. Where it cannot be made, all stays as it is and refusals() counts.
  void SetDensity(graph::Density density);
  graph::Density density() const;
  int refusals() const;

  const std::vector<std::string>& planes() const { return planes_; }

  double running_ms() const;  // how long the run in hand has taken so far; 0: none is in hand
  uint64_t runs() const;

 private:
  struct Job {
    uint64_t number = 0;  // 0: none
    double time = 0;
    uint64_t clip = 0;
    PlaneSet planes = 0;
    image::Bytes picture;
  };

  NetworkThread(std::unique_ptr<MaskNetwork> network, MakeNetwork make);
  void Loop();
  bool HasWork() const { return job_.number != 0 || !(wanted_ == density_); }
  void WorkOnce(std::unique_lock<std::mutex>* lock);
  void ChangeDensity(std::unique_lock<std::mutex>* lock);
  void RunJob(std::unique_lock<std::mutex>* lock);

  const std::vector<std::string> planes_;
  mutable std::mutex mutex_;
  std::condition_variable work_, done_;
  // Behind mutex_.
  Job job_;  // that waits
  TimedMask newest_;
  bool fresh_ = false;    // newest_ was not taken yet
  uint64_t dropped_ = 0;  // number of the last picture that never ran because the size changed
  uint64_t clip_ = 0;     // counts Forget
  graph::Density density_, wanted_;
  int refusals_ = 0;
  uint64_t runs_ = 0;
  bool running_ = false, stop_ = false;
  std::chrono::steady_clock::time_point started_;

  // The network's thread's.
  std::unique_ptr<MaskNetwork> network_;
  MakeNetwork make_;
  Job current_;
  TimedMask answer_;
  uint64_t last_clip_ = 0;

  std::thread thread_;
};

}  // namespace scrim::engine
