/* Threads on one handle, all of whose outputs are those of one row after the other, and the memory that is asked for
 * meanwhile: threads MODEL ROWS THREADS SECONDS, with rows of doubles in the file ROWS. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <shoal/shoal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static atomic_long allocations;
#ifndef SANITIZED
/* In the place of the C library's, for this program and all that it links. */
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void* malloc(size_t size) {
  atomic_fetch_add(&allocations, 1);
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  atomic_fetch_add(&allocations, 1);
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  atomic_fetch_add(&allocations, 1);
  return __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  atomic_fetch_add(&allocations, 1);
  return __libc_memalign(alignment, size);
}
#endif

static shoal_model* model;
static int64_t inputs, outputs, rows;
static double *x, *expected;
static time_t end;
static atomic_int ready, wrong;

static void* work(void* number) {
  const size_t cells = (size_t)(rows * outputs);
  double* y = malloc(cells * sizeof *y);
  char message[256];
  ++ready;
  const int64_t step = 1 + (int64_t)(intptr_t)number * 13;
  do {
    memset(y, 0, cells * sizeof *y);
    for (int64_t r = 0; r < rows; r += step) {
      const int64_t some = r + step < rows ? step : rows - r;
      if (shoal_predict_double(model, some, x + r * inputs, inputs, 1, y + r * outputs, outputs, 1, NULL, message,
                               sizeof message) != SHOAL_OK)
        ++wrong;
    }
    if (memcmp(y, expected, cells * sizeof *y) != 0) ++wrong;
  } while (time(NULL) < end);
  ++ready;
  return y;
}

int main(int argc, char** argv) {
  if (argc != 5) return 64;
  char message[256];
  const int threads = atoi(argv[3]);
  if (shoal_open(argv[1], 0, &model, message, sizeof message) != SHOAL_OK) return puts(message), 1;
  inputs = shoal_inputs(model);
  outputs = shoal_outputs(model);
  FILE* file = fopen(argv[2], "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return 66;
  rows = ftell(file) / (int64_t)sizeof(double) / inputs;
  rewind(file);
  x = malloc((size_t)(rows * inputs) * sizeof *x);
  expected = malloc((size_t)(rows * outputs) * sizeof *expected);
  if (fread(x, sizeof *x, (size_t)(rows * inputs), file) != (size_t)(rows * inputs)) return 74;
  fclose(file);
  const long before_one = allocations;
  for (int64_t r = 0; r < rows; ++r) {
    if (shoal_predict_double(model, 1, x + r * inputs, inputs, 1, expected + r * outputs, outputs, 1, NULL, message,
                             sizeof message) != SHOAL_OK)
      return puts(message), 1;
  }
  const long by_one = allocations - before_one;
  end = time(NULL) + atoi(argv[4]);
  pthread_t* team = malloc((size_t)threads * sizeof *team);
  const long before = allocations;
  for (int t = 0; t < threads; ++t) pthread_create(&team[t], NULL, work, (void*)(intptr_t)t);
  while (ready < 2 * threads) {
    const struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
  }
  /* One for the outputs of each thread, and what the C library needs to start it. */
  const long by_all = allocations - before - threads;
  for (int t = 0; t < threads; ++t) {
    void* y;
    pthread_join(team[t], &y);
    free(y);
  }
  printf("%d wrong, %ld allocations by one thread, %ld by starting and running %d\n", wrong, by_one, by_all, threads);
  shoal_close(&model);
  free(team);
  free(x);
  free(expected);
  return wrong == 0 && by_one == 0 && by_all <= 2 * threads ? 0 : 1;
}
