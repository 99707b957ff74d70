#pragma once
#include <cstddef>
#include <vector>

namespace earshot::scenes {

/// A complex signal or its spectrum; the size is a power of two.
struct Complex {
  explicit Complex(std::size_t size) : real(size, 0.0F), imaginary(size, 0.0F) {}
  std::size_t size() const { return real.size(); }
  std::vector<float> real, imaginary;
};

/// Discrete Fourier transform, radix-2 autosort (Stockham; Van Loan, "Computational Frameworks for
/// the Fast Fourier Transform", 1992, sec. 1.7). LibTorch's own changes its bits with the number of
/// threads.
void transform(Complex& signal);
/// Its inverse, scaled by 1 / size.
void transform_back(Complex& spectrum);

}  // namespace earshot::scenes
