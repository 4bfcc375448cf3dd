#include "cpu/orthogonalise.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/elementwise.h"
#include "cpu/products.h"
#include "cpu/tensor.h"

namespace scrim::train::cpu {
namespace {

constexpr int kIterations = 5;
constexpr float kFirst = 3.4445f, kThird = -4.7750f, kFifth = 2.0315f;
// Columns of a product that WeightedSums makes at a time.
constexpr int kTile = 4 * kLanes;

}  // namespace

Orthogonaliser::Orthogonaliser(int most_short, int most_long)
    : square_pitch_(ChannelStride(size_t(most_short))),
      square_size_(size_t(most_short) * square_pitch_),
      squares_(5 * square_size_ + kTile),
      // Whichever side the rows are.
      matrix_(std::max(size_t(most_short) * ChannelStride(size_t(most_long)), size_t(most_long) * square_pitch_) +
              kTile),
      result_(matrix_.size()),
      rows_(size_t(most_long)) {}

const ptrdiff_t* Orthogonaliser::Rows(const Matrix& matrix, int count) {
  for (int i = 0; i < count; ++i) rows_[size_t(i)] = ptrdiff_t(size_t(i) * matrix.pitch);
  return rows_.data();
}

// Of matrices that commute and are their own transposes: so is the product. Its lower half is computed by tiles of
// columns, the rest copied.
void Orthogonaliser::Multiply(int size, const Matrix& a, const Matrix& b, const Matrix& product) {
  const ptrdiff_t* rows = Rows(b, size);
  for (int x = 0; x < size; x += kTile) {
    const int width = std::min(kTile, size - x);
    WeightedSums({b.data + x, rows, size}, {a.data + size_t(x) * a.pitch, ptrdiff_t(a.pitch), 1}, nullptr,
                 product.data + size_t(x) * product.pitch + x, product.pitch, size - x, size_t(width), false);
  }
  for (int x = kTile; x < size; x += kTile)
    for (int y = x; y < std::min(x + kTile, size); ++y)
      for (int column = 0; column < x; ++column)
        product.data[size_t(column) * product.pitch + y] = product.data[size_t(y) * product.pitch + column];
}

void Orthogonaliser::Run(int rows, int columns, float* data) {
  const int size = std::min(rows, columns);
  const Matrix x{matrix_.data(), ChannelStride(size_t(columns))};
  for (int i = 0; i < rows; ++i) {
    float* row = x.data + size_t(i) * x.pitch;
    std::copy_n(data + i * columns, columns, row);
    std::fill(row + columns, row + x.pitch, 0.f);
  }
  const float factor = float(1 / (std::sqrt(SumOfSquares(data, size_t(rows) * size_t(columns))) + 1e-7));

  Matrix gram = At(0), power = At(1), polynomial = At(2), product = At(3), spare = At(4);
  std::fill_n(squares_.data(), squares_.size(), 0.f);
  if (rows <= columns)
    AddWeightGradients({x.data, Rows(x, rows), rows}, 0, {x.data, x.pitch, 0}, rows, 1, size_t(columns), gram.data,
                       ptrdiff_t(gram.pitch), 1);
  else
    WeightedSums({x.data, Rows(x, rows), rows}, {x.data, 1, ptrdiff_t(x.pitch)}, nullptr, gram.data, gram.pitch, size,
                 size_t(size), false);
  for (size_t i = 0; i < size_t(size) * gram.pitch; ++i) gram.data[i] *= factor * factor;
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    Multiply(size, gram, gram, power);
    for (int i = 0; i < size; ++i) {
      float* to = polynomial.data + size_t(i) * polynomial.pitch;
      const float *one = gram.data + size_t(i) * gram.pitch, *two = power.data + size_t(i) * power.pitch;
      for (int j = 0; j < size; ++j) to[j] = one[j] * kThird + two[j] * kFifth;
      to[i] += kFirst;
    }
    if (iteration == 0) {
      std::memcpy(product.data, polynomial.data, square_size_ * sizeof(float));
    } else {
      Multiply(size, polynomial, product, spare);
      std::swap(product, spare);
    }
    if (iteration + 1 == kIterations) break;
    Multiply(size, polynomial, gram, power);
    Multiply(size, polynomial, power, gram);
  }
  const Matrix result{result_.data(), x.pitch};
  if (rows <= columns)
    WeightedSums({x.data, Rows(x, rows), rows}, {product.data, ptrdiff_t(product.pitch), 1}, nullptr, result.data,
                 result.pitch, rows, size_t(columns), false);
  else
    WeightedSums({product.data, Rows(product, columns), columns}, {x.data, ptrdiff_t(x.pitch), 1}, nullptr, result.data,
                 result.pitch, rows, size_t(columns), false);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j)
      data[i * columns + j] = result.data[size_t(i) * result.pitch + size_t(j)] * factor;
}

}  // namespace scrim::train::cpu
