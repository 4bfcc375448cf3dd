#include "gpu/plan_builder.h"

#include "base/aligned.h"

namespace scrim::gpu {

int PlanBuilder::AddBuffer(size_t bytes, const std::string& name) {
  const int buffer = static_cast<int>(plan_.buffers.size());
  plan_.buffers.push_back({RoundUp(bytes, size_t{16}), false});
  if (!name.empty()) plan_.named[name] = buffer;
  return buffer;
}

void PlanBuilder::Dispatch(const KernelText& text, const std::string& kernel, const std::vector<std::string>& shared,
                           std::array<int, 3> groups, const std::string& name) {
  std::string code = text.With(kernel, shared);
  const auto [found, added] = kernel_of_.try_emplace(std::move(code), static_cast<int>(plan_.kernels.size()));
  if (added) plan_.kernels.push_back({kernel, found->first});
  plan_.dispatches.push_back({found->second, text.bindings(), groups, name});
}

}  // namespace scrim::gpu
