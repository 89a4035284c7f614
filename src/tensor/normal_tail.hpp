#pragma once

#include <array>
#include <cstddef>

namespace shoal {

/// The tail of the normal distribution over its density's power, R(a) = e^(a^2/2) P(N > a), for a in [0, 14.5], in
/// eight pieces: piece i, of step * a + 1 in [1, 1.5), [1.5, 2), [2, 3), [3, 4), ... [12, 16), is a polynomial in
/// a - middle[i]. Relative error below 0.51 * 2^-24, the coefficients' rounding with it.
/// tests/golden/make_coefficients.py makes the numbers.
struct NormalTail {
  static constexpr float step = 1.03125F;
  static constexpr std::size_t pieces = 8;
  static constexpr std::size_t degree = 7;
  /// Piece i stands at i + 6 modulo 8, the last three bits of its steps' exponents and first bits of mantissas; all of
  /// them twice, as the longest vectors have 16 numbers.
  using Row = std::array<float, 2 * pieces>;

  Row middle;
  std::array<Row, degree + 1> coefficient;  ///< of the powers 0 to 7
};

constexpr NormalTail::Row placed(std::array<float, NormalTail::pieces> row) {
  NormalTail::Row out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[(i + 6) % out.size()] = row[i % NormalTail::pieces];
  return out;
}

// clang-format off
inline constexpr NormalTail normal_tail{
  .middle = placed({0.255075157F, 0.728204906F, 1.47240472F, 2.45032859F, 3.82244325F, 5.85040855F, 8.76195526F, 12.6067305F}),
  .coefficient = {{
    placed({0.412537098F, 0.304060489F, 0.208298787F, 0.14363119F, 0.0983433202F, 0.0663514957F, 0.0449599102F, 0.0314497128F}),
    placed({-0.293714315F, -0.177523941F, -0.0922421589F, -0.0469986685F, -0.0230305213F, -0.0107589215F, -0.00500554591F, -0.00246422715F}),
    placed({0.168808967F, 0.0873933509F, 0.0362405926F, 0.0142345149F, 0.00515530119F, 0.00170370785F, 0.000550778699F, 0.000191933083F}),
    placed({-0.0835519135F, -0.037961226F, -0.0129606351F, -0.00403984636F, -0.00110822648F, -0.000263855269F, -5.99190462e-5F, -1.48616891e-5F}),
    placed({0.0368715972F, 0.0149366818F, 0.0042873295F, 0.00108366203F, 0.000229396232F, 3.99952914e-5F, 6.43170415e-6F, 1.14345778e-6F}),
    placed({-0.0148234237F, -0.00541656371F, -0.00132720696F, -0.000276467967F, -4.61917261e-5F, -5.94024868e-6F, -6.83468784e-7F, -8.74923813e-8F}),
    placed({0.00558793778F, 0.00185296778F, 0.000402450474F, 6.9286747e-5F, 9.51556285e-6F, 9.0166003e-7F, 7.85013583e-8F, 6.95470836e-9F}),
    placed({-0.00199835259F, -0.000588972587F, -0.000115227325F, -1.69850191e-5F, -1.64763526e-6F, -1.33694243e-7F, -8.39893666e-9F, -5.33522226e-10F})}}};
// clang-format on

}  // namespace shoal
