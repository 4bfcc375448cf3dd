#include "losses.h"

#include "cpu/loss.h"

namespace scrim::train {

namespace {

torch::Tensor Across(const torch::Tensor& x) { return x.narrow(3, 1, x.size(3) - 1) - x.narrow(3, 0, x.size(3) - 1); }
torch::Tensor Down(const torch::Tensor& x) { return x.narrow(2, 1, x.size(2) - 1) - x.narrow(2, 0, x.size(2) - 1); }

torch::Tensor EdgeLoss(const torch::Tensor& p, const torch::Tensor& truth) {
  const torch::Tensor across = Across(truth), down = Down(truth);
  const auto sum = [](const torch::Tensor& x) { return x.abs().sum({1, 2, 3}); };
  // For pictures with little outline: one pixel in a hundred counts as outline at least.
  const double least = 0.01 * double(truth.size(2) * truth.size(3));
  return ((sum(Across(p) - across) + sum(Down(p) - down)) / (sum(across) + sum(down) + least)).mean();
}

// The gradient is known as soon as the loss is.
struct LossOnCpu : torch::autograd::Function<LossOnCpu> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, torch::Tensor logits, torch::Tensor truth,
                               torch::Tensor weight, double edges) {
    torch::Tensor gradient = torch::empty_like(logits);
    const double loss = cpu::SegmentationLoss(
        logits.data_ptr<float>(), truth.data_ptr<float>(), weight.data_ptr<float>(), int(logits.size(0)),
        int(logits.size(1)), int(logits.size(2)), int(logits.size(3)), edges, gradient.data_ptr<float>());
    context->save_for_backward({gradient});
    return torch::full({}, loss, logits.options());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradient) {
    return {context->get_saved_variables()[0] * gradient[0], torch::Tensor(), torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor SegmentationLoss(const torch::Tensor& logits, const torch::Tensor& truth, const torch::Tensor& weight,
                               double edges) {
  if (logits.is_cpu() && logits.scalar_type() == torch::kFloat32)
    return LossOnCpu::apply(logits.contiguous(), truth.contiguous(), weight.contiguous(), edges);
  // Planes of pictures one after the other, as so many pictures.
  const int64_t planes = logits.size(1);
  const auto pictures = [](const torch::Tensor& x) { return x.reshape({-1, 1, x.size(2), x.size(3)}); };
  const torch::Tensor z = pictures(logits), w = pictures(weight), known = (w > 0).to(z.scalar_type()),
                      t = pictures(truth) * known, p = torch::sigmoid(z) * known;
  const torch::Tensor entropy = torch::binary_cross_entropy_with_logits(z, t, w);
  const torch::Tensor both = (p * t).sum({1, 2, 3}), sum = p.sum({1, 2, 3}) + t.sum({1, 2, 3});
  const torch::Tensor area = entropy + 1 - ((2 * both + 1) / (sum + 1)).mean();
  return double(planes) * (edges > 0 ? area + edges * EdgeLoss(p, t) : area);
}

}  // namespace scrim::train
