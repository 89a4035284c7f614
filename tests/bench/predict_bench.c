/* Time of a prediction by libshoal_infer, for a net that takes 16 numbers: predict_bench MODEL ROWS CALLS
 * Prints microseconds a call: the median of 11 stretches of so many calls. */
#define _POSIX_C_SOURCE 200809L
#include <shoal/shoal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { INPUTS = 16, STRETCHES = 11 };

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int by_size(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

int main(int argc, char** argv) {
  char message[256];
  shoal_model* model;
  if (argc != 4) return 64;
  if (shoal_open(argv[1], 1, &model, message, sizeof message) != SHOAL_OK) return puts(message), 1;
  const int64_t rows = atoll(argv[2]), outputs = shoal_outputs(model);
  const int calls = atoi(argv[3]);
  float* x = malloc((size_t)(rows * INPUTS) * sizeof *x);
  float* y = malloc((size_t)(rows * outputs) * sizeof *y);
  for (int64_t i = 0; i < rows * INPUTS; ++i) x[i] = (float)(i % 37) * 0.1F - 1.8F;
  double us[STRETCHES];
  for (int s = 0; s < STRETCHES; ++s) {
    const double begin = now_us();
    for (int i = 0; i < calls; ++i) {
      if (shoal_predict_float(model, rows, x, INPUTS, 1, y, outputs, 1, NULL, message, sizeof message) != SHOAL_OK)
        return puts(message), 1;
    }
    us[s] = (now_us() - begin) / calls;
  }
  qsort(us, STRETCHES, sizeof *us, by_size);
  printf("%.3f\n", us[STRETCHES / 2]);
  shoal_close(&model);
  free(x);
  free(y);
  return 0;
}
