// Puts a plan together, dispatch by dispatch.
#pragma once

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gpu/kernel_text.h"
#include "gpu/plan.h"

namespace scrim::gpu {

inline int Blocks(int threads, int per_group) { return (threads + per_group - 1) / per_group; }

class PlanBuilder {
 public:
  // name: by which somebody outside knows it, empty for none.
  int AddBuffer(size_t bytes, const std::string& name = "");
  // Kernels of the same text are one. `shared`: files that go before the kernel's.
  void Dispatch(const KernelText& text, const std::string& kernel, const std::vector<std::string>& shared,
                std::array<int, 3> groups, const std::string& name);
  Plan& plan() { return plan_; }

 private:
  Plan plan_;
  std::map<std::string, int> kernel_of_;
};

}  // namespace scrim::gpu
