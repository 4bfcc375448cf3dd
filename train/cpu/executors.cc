#include "cpu/executors.h"

namespace scrim::train::cpu {
namespace {

struct Execute : torch::autograd::Function<Execute> {
  // anchor: has libtorch record that there is something to go back to; the weights themselves it need not see.
  static torch::Tensor forward(torch::autograd::AutogradContext* context, torch::Tensor /*anchor*/, torch::Tensor input,
                               int64_t executor, Mode* mode) {
    auto* e = reinterpret_cast<Executor*>(executor);
    torch::Tensor logits = torch::empty({input.size(0), e->planes(), input.size(2), input.size(3)}, input.options());
    e->Forward(input.data_ptr<float>(), std::move(*mode), logits.data_ptr<float>());
    context->saved_data["executor"] = executor;
    context->saved_data["run"] = e->runs();
    return logits;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradient) {
    auto* e = reinterpret_cast<Executor*>(context->saved_data["executor"].toInt());
    TORCH_CHECK(e->runs() == context->saved_data["run"].toInt(), "the network has run forward again since");
    e->Backward(gradient[0].contiguous().data_ptr<float>());
    return {torch::Tensor(), torch::Tensor(), torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

Executor& Executors::For(const torch::Tensor& input, bool backward) {
  std::unique_ptr<Executor>& e = executors_[{input.size(0), input.size(2), input.size(3), backward}];
  if (e == nullptr)
    e = std::make_unique<Executor>(graph_, weights_, int(input.size(0)), int(input.size(2)), int(input.size(3)),
                                   backward);
  return *e;
}

torch::Tensor Executors::Forward(const torch::Tensor& input, bool training, bool running, double momentum) {
  const bool backward = training && torch::GradMode::is_enabled();
  Executor& e = For(input, backward);
  Mode mode;
  mode.running = running, mode.momentum = momentum;
  for (const Executor::Dropout& d : e.dropouts()) {
    if (!training) break;
    // As torch::feature_dropout draws it.
    const torch::Tensor noise = torch::empty({input.size(0), d.channels, 1, 1}).bernoulli_(1 - d.rate).div_(1 - d.rate);
    mode.dropout.emplace_back(noise.data_ptr<float>(), noise.data_ptr<float>() + noise.numel());
  }
  const torch::Tensor anchor = torch::zeros({1}).requires_grad_(backward);
  return Execute::apply(anchor, input.contiguous(), reinterpret_cast<int64_t>(&e), &mode);
}

}  // namespace scrim::train::cpu
