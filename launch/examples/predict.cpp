// Rows of doubles from one file, through a trained model, to another: predict MODEL ROWS OUT
#include <fstream>
#include <iostream>
#include <iterator>
#include <shoal/infer/predictor.hpp>
#include <string>
#include <vector>

int main(int argc, char** argv) try {
  if (argc != 4) return 64;
  const shoal::Predictor model(argv[1]);
  std::ifstream in(argv[2], std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const auto* const numbers = reinterpret_cast<const double*>(bytes.data());
  const std::vector<double> x(numbers, numbers + bytes.size() / sizeof(double));
  const std::size_t rows = x.size() / static_cast<std::size_t>(model.features());
  std::vector<double> y(rows * static_cast<std::size_t>(model.layout().columns));
  model.predict(x, y);
  std::ofstream(argv[3], std::ios::binary)
      .write(reinterpret_cast<const char*>(y.data()), static_cast<std::streamsize>(y.size() * sizeof(double)));
  return 0;
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
