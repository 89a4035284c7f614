#include "infer/export/c_functions.hpp"

#include <array>
#include <vector>

namespace shoal {
namespace {

struct CFunction {
  const char* name;
  std::vector<const char*> calls;
  const char* text;
};

// The counterparts: core/elementary.hpp; tensor/functions-inl.hpp;
// tensor/{elementwise,gemm,convolution,pooling,columns}.cpp;
// nn/{layer_norm,group_norm,global_average_pool,embedding,join,flatten}.cpp; nn/losses.cpp. tests/export compares all.
const std::vector<CFunction>& all() {
  static const std::vector<CFunction> functions{
      {"exp_double", {}, R"(
static double power_of_two(int64_t k) {
  union { uint64_t bits; double value; } u;
  u.bits = (uint64_t)(k + 1023) << 52;
  return u.value;
}

static double exp_double(double x) {
  const double inside = x > 710.0 ? 710.0 : (x > -746.0 ? x : -746.0);
  const double k = floor(fma(inside, 1.4426950408889634, 0.5));
  const double r = fma(k, -1.9082149292705877e-10, fma(k, -6.93147180369123816490e-01, inside));
  const int32_t n = (int32_t)k;
  const int32_t half = n / 2;
  double p = 1.0 / 6227020800.0;
  p = fma(p, r, 1.0 / 479001600.0);
  p = fma(p, r, 1.0 / 39916800.0);
  p = fma(p, r, 1.0 / 3628800.0);
  p = fma(p, r, 1.0 / 362880.0);
  p = fma(p, r, 1.0 / 40320.0);
  p = fma(p, r, 1.0 / 5040.0);
  p = fma(p, r, 1.0 / 720.0);
  p = fma(p, r, 1.0 / 120.0);
  p = fma(p, r, 1.0 / 24.0);
  p = fma(p, r, 1.0 / 6.0);
  p = fma(p, r, 0.5);
  p = fma(p, r, 1.0);
  p = fma(p, r, 1.0);
  return x == x ? p * power_of_two(half) * power_of_two((int64_t)n - half) : x;
}
)"},
      {"to_softmax", {"exp_double"}, R"(
static void to_softmax(int n, double *z) {
  double largest = z[0], sum = 0.0;
  for (int k = 1; k < n; ++k) largest = largest < z[k] ? z[k] : largest;
  for (int k = 0; k < n; ++k) {
    z[k] = exp_double(z[k] - largest);
    sum += z[k];
  }
  for (int k = 0; k < n; ++k) z[k] /= sum;
}
)"},
      {"to_sigmoid", {"exp_double"}, R"(
static void to_sigmoid(int n, double *z) {
  for (int k = 0; k < n; ++k) {
    const double e = exp_double(-fabs(z[k]));
    z[k] = z[k] < 0 ? e / (1.0 + e) : 1.0 / (1.0 + e);
  }
}
)"},
      {"exponential_rest", {}, R"(
static float from_bits(uint32_t bits) {
  union { uint32_t bits; float value; } u;
  u.bits = bits;
  return u.value;
}

static uint32_t to_bits(float value) {
  union { uint32_t bits; float value; } u;
  u.value = value;
  return u.bits;
}

/* (e^r - 1 - r) / r^2 */
static float exponential_rest(float r, float square) {
  const float low = fmaf(r, 0.166665211f, 0.49999994f), high = fmaf(r, 0.00836871658f, 0.041668389f);
  return fmaf(square, fmaf(square, 0.00138146116f, high), low);
}
)"},
      {"exponential", {"exponential_rest"}, R"(
/* e^x = 2^n (1 + the result); the lowest bits of *sum hold n + bias. */
static float exponential(float x, float bias, uint32_t *sum) {
  const float round = 12582912.0f + bias, s = fmaf(x, 1.44269504f, round), n = s - round;
  const float r = fmaf(n, 2.12194440e-4f, fmaf(n, -0.693359375f, x)), square = r * r;
  *sum = to_bits(s);
  return fmaf(square, exponential_rest(r, square), r);
}
)"},
      {"over_sigmoid_sum", {"exponential"}, R"(
/* 2^32 numerator / (1 + e^-x) */
static float over_sigmoid_sum(float numerator, float x) {
  const float unit = 1.0f / 4294967296.0f;
  uint32_t sum;
  const float rest = exponential(-x, 127.0f - 32.0f, &sum);
  const float scale = from_bits(sum << 23), whole = scale + unit, lost = unit - (whole - scale);
  return numerator / (fmaf(scale, rest, lost) + whole);
}
)"},
      {"relu", {}, R"(
static void relu(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; ++i) y[i] = x[i] > 0.0f ? x[i] : (x[i] == x[i] ? 0.0f : x[i]);
}
)"},
      {"leaky_relu", {}, R"(
static void leaky_relu(size_t n, float slope, const float *x, float *y) {
  for (size_t i = 0; i < n; ++i) y[i] = x[i] > 0.0f ? x[i] : slope * x[i];
}
)"},
      {"tanh_layer", {"exponential"}, R"(
static void tanh_layer(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; ++i) {
    const float size = fabsf(x[i]), twice = size + size;
    uint32_t sum;
    const float rest = exponential(twice > 20.0f ? 20.0f : twice, 127.0f, &sum), scale = from_bits(sum << 23);
    const float numerator = fmaf(scale, rest, scale - 1.0f), denominator = numerator + 2.0f;
    const float quotient = numerator / denominator, lost = numerator - (denominator - 2.0f);
    const float left = fmaf(-quotient, lost, fmaf(-quotient, denominator, numerator));
    const float share = fmaf(quotient, -0.707106781f, 0.707106781f);
    y[i] = copysignf(fmaf(left, share * share, quotient), x[i]);
  }
}
)"},
      {"sigmoid", {"over_sigmoid_sum"}, R"(
static void sigmoid(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; ++i) {
    const float inside = x[i] > 40.0f ? 40.0f : (x[i] < -104.0f ? -104.0f : x[i]);
    y[i] = over_sigmoid_sum(1.0f / 4294967296.0f, inside);
  }
}
)"},
      {"silu", {"over_sigmoid_sum"}, R"(
static void silu(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; ++i) {
    const float inside = x[i] < -110.0f ? -110.0f : x[i];
    y[i] = x[i] > 20.0f ? x[i] : over_sigmoid_sum(inside, inside) * (1.0f / 4294967296.0f);
  }
}
)"},
      {"gelu", {"exponential_rest"}, R"(
static void gelu(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; ++i) {
    const float size = fabsf(x[i]), a = size > 14.5f ? 14.5f : size;
    float above = -0.018739773f, below = 0.00937138684f;
    const float half = -0.5f * a, square_high = half * a, round = 12582912.0f + 127.0f + 32.0f;
    const float sum = fmaf(square_high, 1.44269504f, round), whole = sum - round;
    const float large = fmaf(whole, -0.693359375f, square_high);
    const float rest = fmaf(whole, 2.12194440e-4f, fmaf(half, a, -square_high));
    const float r = large + rest, square = r * r, small = fmaf(square, exponential_rest(r, square), rest);
    float start, divisor, lost, share, high, low, more;
    above = fmaf(above, a, -0.154386654f);
    above = fmaf(above, a, -0.552726567f);
    above = fmaf(above, a, -0.910857499f);
    below = fmaf(below, a, 0.0888738409f);
    below = fmaf(below, a, 0.388943464f);
    below = fmaf(below, a, 0.90677911f);
    below = fmaf(below, a, 1.0f);
    start = fmaf(a, above / below, 2.0f);
    divisor = fmaf(a, 2.50662827f, start);
    lost = fmaf(a, 2.50662827f, -divisor) + start;
    share = 1.0f / divisor;
    high = a * share;
    low = fmaf(-high, lost, fmaf(-high, divisor, a)) * share;
    more = fmaf(high, large, fmaf(low, large, fmaf(high, small, low)));
    y[i] = fmaf((more + high) * from_bits(to_bits(sum) << 23), -1.0f / 4294967296.0f, x[i] > 0.0f ? x[i] : 0.0f);
  }
}
)"},
      {"dense", {}, R"(
/* weight: (depth, units) */
static void dense(int positions, int depth, int units, const float *restrict x, const float *restrict weight,
                  const float *restrict bias, float *restrict y) {
  for (int r = 0; r < positions; ++r, x += depth, y += units) {
    for (int u = 0; u < units; ++u) y[u] = bias ? bias[u] : 0.0f;
    for (int k = 0; k < depth; ++k) {
      const float v = x[k];
      const float *restrict row = weight + (size_t)k * (size_t)units;
      for (int u = 0; u < units; ++u) y[u] = fmaf(v, row[u], y[u]);
    }
  }
}
)"},
      {"conv", {}, R"(
/* An image and a kernel; both sides of each. */
struct conv_shape {
  int height, width, channels, out_height, out_width, units, kernel_height, kernel_width, stride, groups, above, left;
};

/* weight: (kernel height, kernel width, channels of a group, units); outside of the image are zeros, which add nothing */
static void conv(struct conv_shape s, const float *restrict x, const float *restrict weight, const float *restrict bias,
                 float *restrict y) {
  const int channels = s.channels / s.groups, units = s.units / s.groups;
  for (int i = 0; i < s.out_height; ++i) {
    for (int j = 0; j < s.out_width; ++j, y += s.units) {
      const float *row = weight;
      for (int u = 0; u < s.units; ++u) y[u] = bias ? bias[u] : 0.0f;
      for (int kh = 0; kh < s.kernel_height; ++kh) {
        for (int kw = 0; kw < s.kernel_width; ++kw) {
          const int h = i * s.stride + kh - s.above, w = j * s.stride + kw - s.left;
          if (h < 0 || h >= s.height || w < 0 || w >= s.width) {
            row += (size_t)channels * (size_t)s.units;
            continue;
          }
          const float *pixel = x + ((size_t)h * (size_t)s.width + (size_t)w) * (size_t)s.channels;
          for (int c = 0; c < channels; ++c, row += s.units) {
            for (int g = 0; g < s.groups; ++g) {
              const float v = pixel[g * channels + c];
              for (int u = g * units; u < (g + 1) * units; ++u) y[u] = fmaf(v, row[u], y[u]);
            }
          }
        }
      }
    }
  }
}
)"},
      {"add", {}, R"(
static void add(size_t n, const float *a, const float *b, float *y) {
  for (size_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
}
)"},
      {"normal_value", {}, R"(
static float normal_value(float x, float mean_high, float mean_low, float inverse) {
  return ((x - mean_high) - mean_low) * inverse;
}
)"},
      {"batch_norm", {"normal_value"}, R"(
/* numbers: high and low part of the mean, inverse deviation, gamma, beta of each channel */
static void batch_norm(int positions, int channels, const float *numbers, const float *x, float *y) {
  for (int r = 0; r < positions; ++r, x += channels, y += channels) {
    for (int c = 0; c < channels; ++c) {
      const float *n = numbers + 5 * c;
      y[c] = fmaf(n[3], normal_value(x[c], n[0], n[1], n[2]), n[4]);
    }
  }
}
)"},
      {"layer_norm", {"normal_value"}, R"(
/* Of 32 numbers or less, in eight chains. */
static double fold(int count, const float *x, double mean, int squares) {
  double part[8] = {0.0};
  for (int c = 0; c < count; ++c) {
    const double deviation = (double)x[c] - mean;
    part[c % 8] += squares ? deviation * deviation : (double)x[c];
  }
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

static void layer_norm(int positions, int channels, double epsilon, const float *gamma, const float *beta,
                       const float *x, float *y) {
  for (int r = 0; r < positions; ++r, x += channels, y += channels) {
    double sum = 0.0, squares = 0.0, mean;
    float high, low, inverse;
    for (int c = 0; c < channels; c += 32) sum += fold(channels - c < 32 ? channels - c : 32, x + c, 0.0, 0);
    mean = sum / (double)channels;
    for (int c = 0; c < channels; c += 32) squares += fold(channels - c < 32 ? channels - c : 32, x + c, mean, 1);
    high = (float)mean;
    low = (float)(mean - (double)high);
    inverse = (float)(1.0 / sqrt(squares / (double)channels + epsilon));
    for (int c = 0; c < channels; ++c) y[c] = gamma[c] * normal_value(x[c], high, low, inverse) + beta[c];
  }
}
)"},
      {"group_norm", {"normal_value"}, R"(
static void channel_moments(int positions, int channels, const float *x, double *mean, double *m2) {
  *mean = *m2 = 0.0;
  for (int r = 0; r < positions; ++r) *mean += (double)x[(size_t)r * (size_t)channels];
  *mean /= (double)positions;
  for (int r = 0; r < positions; ++r) {
    const double deviation = (double)x[(size_t)r * (size_t)channels] - *mean;
    *m2 = fma(deviation, deviation, *m2);
  }
}

static void group_norm(int positions, int channels, int groups, double epsilon, const float *gamma, const float *beta,
                       const float *x, float *y) {
  const int width = channels / groups;
  for (int begin = 0; begin < channels; begin += width) {
    double sum = 0.0, squares = 0.0, mean, m2, of_group;
    float high, low, inverse;
    for (int c = begin; c < begin + width; ++c) {
      channel_moments(positions, channels, x + c, &mean, &m2);
      sum += mean;
    }
    of_group = sum / (double)width;
    for (int c = begin; c < begin + width; ++c) {
      double deviation;
      channel_moments(positions, channels, x + c, &mean, &m2);
      deviation = mean - of_group;
      squares += m2 + (double)positions * deviation * deviation;
    }
    high = (float)of_group;
    low = (float)(of_group - (double)high);
    inverse = (float)(1.0 / sqrt(squares / ((double)positions * (double)width) + epsilon));
    for (int r = 0; r < positions; ++r) {
      for (int c = begin; c < begin + width; ++c) {
        const size_t i = (size_t)r * (size_t)channels + (size_t)c;
        y[i] = gamma[c] * normal_value(x[i], high, low, inverse) + beta[c];
      }
    }
  }
}
)"},
      {"pool", {}, R"(
struct pool_shape {
  int height, width, channels, out_height, out_width, size, stride, padding;
};

/* The largest in each window, or with `average` the mean, of which what lies outside is zero. */
static void pool(struct pool_shape s, int average, const float *x, float *y) {
  for (int i = 0; i < s.out_height; ++i) {
    for (int j = 0; j < s.out_width; ++j, y += s.channels) {
      const int top = i * s.stride - s.padding, left = j * s.stride - s.padding;
      int first = 1;
      for (int c = 0; c < s.channels; ++c) y[c] = 0.0f;
      for (int h = top < 0 ? 0 : top; h < top + s.size && h < s.height; ++h) {
        for (int w = left < 0 ? 0 : left; w < left + s.size && w < s.width; ++w, first = 0) {
          const float *v = x + ((size_t)h * (size_t)s.width + (size_t)w) * (size_t)s.channels;
          for (int c = 0; c < s.channels; ++c) {
            if (average)
              y[c] += v[c];
            else if (first || v[c] > y[c] || v[c] != v[c])
              y[c] = v[c];
          }
        }
      }
      if (average)
        for (int c = 0; c < s.channels; ++c) y[c] = y[c] / (float)(s.size * s.size);
    }
  }
}
)"},
      {"global_average_pool", {}, R"(
static void global_average_pool(int positions, int channels, const float *x, float *y) {
  for (int c = 0; c < channels; ++c) {
    double sum = 0.0;
    for (int r = 0; r < positions; ++r) sum += (double)x[(size_t)r * (size_t)channels + (size_t)c];
    y[c] = (float)(sum / (double)positions);
  }
}
)"},
      {"flatten", {}, R"(
static void flatten(int positions, int channels, const float *x, float *y) {
  for (int c = 0; c < channels; ++c)
    for (int r = 0; r < positions; ++r) *y++ = x[(size_t)r * (size_t)channels + (size_t)c];
}
)"},
      {"lay_out", {}, R"(
static void lay_out(int positions, int channels, const float *x, float *y) {
  for (int r = 0; r < positions; ++r)
    for (int c = 0; c < channels; ++c) *y++ = x[(size_t)c * (size_t)positions + (size_t)r];
}
)"},
      {"join", {}, R"(
/* The first `columns` of each position of x, behind the `before` that are there. */
static void join(int positions, int columns, int x_channels, int before, int y_channels, const float *x, float *y) {
  for (int r = 0; r < positions; ++r)
    for (int c = 0; c < columns; ++c)
      y[(size_t)r * (size_t)y_channels + (size_t)(before + c)] = x[(size_t)r * (size_t)x_channels + (size_t)c];
}
)"},
      {"embedding", {}, R"(
static void embedding(int rows, int width, float number, const float *table, float *y) {
  int row = number >= 0.0f && number < (float)(rows - 1) ? (int)number : rows - 1;
  if ((float)row != number) row = rows - 1;
  for (int c = 0; c < width; ++c) y[c] = table[(size_t)row * (size_t)width + (size_t)c];
}
)"},
  };
  return functions;
}

}  // namespace

std::string c_functions(std::set<std::string> wanted) {
  for (auto f = all().rbegin(); f != all().rend(); ++f) {
    if (wanted.contains(f->name)) wanted.insert(f->calls.begin(), f->calls.end());
  }
  std::string text;
  for (const CFunction& f : all()) {
    if (wanted.contains(f.name)) text += f.text;
  }
  return text;
}

}  // namespace shoal
