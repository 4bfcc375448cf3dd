// Operations on values one by one, on channels and on whole pictures, forwards and backwards. y and x of a call have
// the same shape unless a comment says otherwise; where y or a gradient may be written in place, that is said.
#pragma once

#include "cpu/tensor.h"

namespace scrim::train::cpu {

void Copy(const Tensor& x, const Tensor& y);
void AddTo(const Tensor& x, const Tensor& y);  // y += x
void Clear(const Tensor& y);
void Sum(const Tensor& a, const Tensor& b, const Tensor& y);

void Relu(const Tensor& x, const Tensor& y);
// d: of the output, becomes that of the input.
void ReluBackward(const Tensor& y, const Tensor& d);
void Sigmoid(const Tensor& x, const Tensor& y);
void SigmoidBackward(const Tensor& y, const Tensor& d);

// gain: as x, or one channel (for all channels alike), or one pixel (a factor for each channel of each picture).
void Multiply(const Tensor& x, const Tensor& gain, const Tensor& y);
// Either gradient's data may be null; each is written, or added to. dx may be dy.
void MultiplyBackward(const Tensor& x, const Tensor& gain, const Tensor& dy, const Tensor& dx, bool add_x,
                      const Tensor& dgain, bool add_gain);

// y: one pixel.
void GlobalMean(const Tensor& x, const Tensor& y);
void GlobalMeanBackward(const Tensor& dy, const Tensor& dx, bool add);
// y: one channel. Equal maxima share the gradient alike, as torch::amax has it.
void ChannelMean(const Tensor& x, const Tensor& y);
void ChannelMeanBackward(const Tensor& dy, const Tensor& dx, bool add);
void ChannelMax(const Tensor& x, const Tensor& y);
void ChannelMaxBackward(const Tensor& x, const Tensor& y, const Tensor& dy, const Tensor& dx, bool add);

// factors: n×channels. y may be x.
void ScaleChannels(const Tensor& x, const float* factors, const Tensor& y);

// x·clip(x / 6 + 1/2, 0, 1).
void HardSwish(const Tensor& x, const Tensor& y);
// d: of the output, becomes that of the input.
void HardSwishBackward(const Tensor& x, const Tensor& d);

double SumOfSquares(const float* p, size_t count);

}  // namespace scrim::train::cpu
