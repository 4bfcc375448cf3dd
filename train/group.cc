#include "group.h"

#include <cstdlib>
#include <string>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace scrim::train {
namespace {

using torch::Tensor;

template <typename Engine>
class EngineGroup final : public Group {
 public:
  EngineGroup(c10::intrusive_ptr<Engine> engine, int rank, int size)
      : engine_(std::move(engine)), rank_(rank), size_(size) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void Sum(Tensor& tensor) override {
    std::vector<Tensor> tensors{tensor};
    engine_->allreduce(tensors)->wait();
  }

 private:
  c10::intrusive_ptr<Engine> engine_;
  int rank_, size_;
};

// The variable as a number of at least `least`; `missing` where it is not set.
StatusOr<int> Number(const char* variable, int least, int missing) {
  const char* text = std::getenv(variable);
  if (text == nullptr && missing >= 0) return missing;
  char* end = nullptr;
  const long value = text != nullptr ? std::strtol(text, &end, 10) : -1;
  if (text == nullptr || *text == '\0' || *end != '\0' || value < least || value > 65535)
    return InvalidArgument(std::string(variable) + (text != nullptr ? "=" + std::string(text) : " is not set") +
                           ": wanted is a number, for training over several processes");
  return static_cast<int>(value);
}

struct BatchNormOfAll : torch::autograd::Function<BatchNormOfAll> {
  static Tensor forward(torch::autograd::AutogradContext* context, Tensor x, Tensor scale, Tensor offset, Tensor mean,
                        Tensor variance, double momentum, double epsilon, int64_t group) {
    const int64_t channels = x.size(1);
    const Tensor wide = x.to(torch::kFloat64);
    Tensor sums = torch::cat({wide.sum({0, 2, 3}), wide.square().sum({0, 2, 3}),
                              torch::full({1}, double(x.numel() / channels), wide.options())});
    reinterpret_cast<Group*>(group)->Sum(sums);
    const Tensor count = sums.narrow(0, 2 * channels, 1), m = sums.narrow(0, 0, channels) / count,
                 var = (sums.narrow(0, channels, channels) / count - m.square()).clamp_min(0),
                 inverse = (var + epsilon).rsqrt();
    mean.lerp_(m.to(mean.scalar_type()), momentum);
    variance.lerp_((var * count / (count - 1).clamp_min(1)).to(mean.scalar_type()), momentum);
    const auto spread = [](const Tensor& t) { return t.view({1, -1, 1, 1}); };
    const Tensor normal = ((wide - spread(m)) * spread(inverse)).to(x.scalar_type());
    context->save_for_backward({normal, scale, inverse, count});
    context->saved_data["group"] = group;
    return (normal * spread(scale) + spread(offset)).to(x.scalar_type());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradient) {
    const auto saved = context->get_saved_variables();
    const Tensor normal = saved[0], scale = saved[1], inverse = saved[2], count = saved[3], d = gradient[0];
    const int64_t channels = scale.size(0);
    const Tensor sum = d.sum({0, 2, 3}, false, torch::kFloat64),
                 dot = (d * normal).sum({0, 2, 3}, false, torch::kFloat64);
    Tensor all = torch::cat({sum, dot});
    reinterpret_cast<Group*>(context->saved_data["group"].toInt())->Sum(all);
    const auto mean = [&](int64_t part) {
      return (all.narrow(0, part * channels, channels) / count).to(d.scalar_type()).view({1, -1, 1, 1});
    };
    const Tensor gain = (scale * inverse).to(d.scalar_type()).view({1, -1, 1, 1});
    const Tensor dx = gain * (d - mean(0) - normal * mean(1));
    return {dx,      dot.to(scale.scalar_type()), sum.to(scale.scalar_type()), Tensor(), Tensor(), Tensor(), Tensor(),
            Tensor()};
  }
};

}  // namespace

StatusOr<std::unique_ptr<Group>> Group::Join(torch::Device device) {
  SCRIM_ASSIGN_OR_RETURN(const int size, Number("WORLD_SIZE", 1, 1));
  if (size == 1) return std::unique_ptr<Group>();
  SCRIM_ASSIGN_OR_RETURN(const int rank, Number("RANK", 0, -1));
  SCRIM_ASSIGN_OR_RETURN(const int port, Number("MASTER_PORT", 1, 29500));
  const char* address = std::getenv("MASTER_ADDR");
  if (rank >= size)
    return InvalidArgument("RANK=" + std::to_string(rank) + ": must be below WORLD_SIZE=" + std::to_string(size));
  if (address == nullptr)
    return InvalidArgument("MASTER_ADDR is not set: wanted is the address of the process with RANK=0");
  try {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(port);
    options.isServer = rank == 0;
    auto store = c10::make_intrusive<c10d::TCPStore>(address, options);
    if (device.is_cuda()) {
#ifdef USE_C10D_NCCL
      auto nccl = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size);
      return std::unique_ptr<Group>(new EngineGroup<c10d::ProcessGroupNCCL>(nccl, rank, size));
#else
      return Unsupported("training on several GPUs: this build has no NCCL");
#endif
    }
#ifdef USE_C10D_GLOO
    auto gloo_options = c10d::ProcessGroupGloo::Options::create();
    gloo_options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
    auto gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, gloo_options);
    return std::unique_ptr<Group>(new EngineGroup<c10d::ProcessGroupGloo>(gloo, rank, size));
#else
    return Unsupported("training in several processes on the CPU: this build has no Gloo");
#endif
  } catch (const std::exception& e) {
    return IoError("the other processes cannot be reached at " + std::string(address) + ":" + std::to_string(port) +
                   ": " + e.what());
  }
}

void Group::TakeFirst(Tensor& tensor) {
  if (rank() != 0) tensor.zero_();
  Sum(tensor);
}

Tensor SharedBatchNorm(const Tensor& x, const Tensor& scale, const Tensor& offset, Tensor mean, Tensor variance,
                       double momentum, double epsilon, Group& group) {
  return BatchNormOfAll::apply(x, scale, offset, mean, variance, momentum, epsilon, reinterpret_cast<int64_t>(&group));
}

}  // namespace scrim::train
