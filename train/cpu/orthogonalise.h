// Muon's step for one matrix.
#pragma once

#include <cstddef>
#include <vector>

#include "base/aligned.h"

namespace scrim::train::cpu {

// The nearest semi-orthogonal matrix, roughly: singular values end between 0.7 and 1.2. The quintic iteration and its
// coefficients are Jordan's (Jordan et al. 2024, Muon: an optimizer for hidden layers in neural networks). Each
// iteration multiplies by a polynomial of the Gram matrix, and those commute: only the small Gram matrix is iterated,
// which takes a third of the multiplications.
class Orthogonaliser {
 public:
  // For matrices of up to so many elements on the short and on the long side.
  Orthogonaliser(int most_short, int most_long);

  // Overwrites data, rows × columns, which come without gaps.
  void Run(int rows, int columns, float* data);

 private:
  // A matrix whose rows are whole vectors, the last filled up with zeros.
  struct Matrix {
    float* data;
    size_t pitch;
  };
  Matrix At(int which) { return {squares_.data() + size_t(which) * square_size_, square_pitch_}; }
  void Multiply(int size, const Matrix& a, const Matrix& b, const Matrix& product);
  // Offsets of rows.
  const ptrdiff_t* Rows(const Matrix& matrix, int count);

  const size_t square_pitch_, square_size_;
  AlignedFloats squares_, matrix_, result_;
  std::vector<ptrdiff_t> rows_;
};

}  // namespace scrim::train::cpu
