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

// The counterparts: core/elementary.hpp; tensor/{elementwise,gemm,convolution,pooling,columns}.cpp;
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
      {"exp_float", {}, R"(
static float float_power_of_two(int32_t k) {
  union { uint32_t bits; float value; } u;
  u.bits = (uint32_t)(k + 127) << 23;
  return u.value;
}

static float exp_float(float x) {
  const float inside = x > 89.0f ? 89.0f : (x > -104.0f ? x : -104.0f);
  const float k = floorf(fmaf(inside, 1.44269504f, 0.5f));
  const float r = fmaf(k, 1.90465421e-9f, fmaf(k, -0.693147183f, inside));
  const int32_t n = (int32_t)k;
  const int32_t half = n / 2;
  float p = 1.0f / 5040.0f;
  p = fmaf(p, r, 1.0f / 720.0f);
  p = fmaf(p, r, 1.0f / 120.0f);
  p = fmaf(p, r, 1.0f / 24.0f);
  p = fmaf(p, r, 1.0f / 6.0f);
  p = fmaf(p, r, 0.5f);
  p = fmaf(p, r, 1.0f);
  p = fmaf(p, r, 1.0f);
  return x == x ? p * float_power_of_two(half) * float_power_of_two(n - half) : x;
}
)"},
      {"sigmoid_of", {"exp_float"}, R"(
static float sigmoid_of(float x) {
  const float e = exp_float(-fabsf(x));
  const float low = e / (1.0f + e);
  return x < 0.0f ? low : 1.0f / (1.0f + e);
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
      {"tanh_layer", {"exp_float"}, R"(
static void tanh_layer(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; ++i) {
    const float v = x[i], size = fabsf(v), z = v * v;
    float inner, outer, p = 0.0022956033f;
    p = fmaf(p, z, -0.0083467253f);
    p = fmaf(p, z, 0.02176986f);
    p = fmaf(p, z, -0.053959388f);
    p = fmaf(p, z, 0.13333304f);
    p = fmaf(p, z, -0.33333334f);
    inner = fmaf(v * z, p, v);
    outer = 1.0f - 2.0f / (exp_float(2.0f * size) + 1.0f);
    y[i] = size < 0.625f ? inner : (v < 0.0f ? -outer : outer);
  }
}
)"},
      {"sigmoid", {"sigmoid_of"}, R"(
static void sigmoid(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; ++i) y[i] = sigmoid_of(x[i]);
}
)"},
      {"silu", {"sigmoid_of"}, R"(
static void silu(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; ++i) y[i] = x[i] * sigmoid_of(x[i]);
}
)"},
      {"gelu", {"exp_float"}, R"(
static void gelu(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; ++i) {
    const float v = x[i], z = fabsf(v) * 0.707106781f, t = 1.0f / fmaf(0.5f, z, 1.0f);
    float tail, p = 0.17087277f;
    p = fmaf(p, t, -0.82215223f);
    p = fmaf(p, t, 1.48851587f);
    p = fmaf(p, t, -1.13520398f);
    p = fmaf(p, t, 0.27886807f);
    p = fmaf(p, t, -0.18628806f);
    p = fmaf(p, t, 0.09678418f);
    p = fmaf(p, t, 0.37409196f);
    p = fmaf(p, t, 1.00002368f);
    p = fmaf(p, t, -1.26551223f);
    tail = 0.5f * t * exp_float(fmaf(-z, z, p));
    y[i] = v * (v < 0.0f ? tail : 1.0f - tail);
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

/* weight: (kernel height, kernel width, channels of a group, units); outside of the image are zeros, which count */
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
          const int inside = h >= 0 && h < s.height && w >= 0 && w < s.width;
          const float *pixel = x + ((size_t)(inside ? h : 0) * (size_t)s.width + (size_t)(inside ? w : 0)) * (size_t)s.channels;
          for (int c = 0; c < channels; ++c, row += s.units) {
            for (int g = 0; g < s.groups; ++g) {
              const float v = inside ? pixel[g * channels + c] : 0.0f;
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
  const int row = number >= 0.0f && number < (float)(rows - 1) ? (int)number : rows - 1;
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
