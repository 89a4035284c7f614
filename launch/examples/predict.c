/* Rows of doubles from one file, through a trained model, to another: predict MODEL ROWS OUT
 *   cc predict.c $(pkg-config --cflags --libs shoal_infer) -o predict */
#include <shoal/shoal.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  char message[512];
  shoal_model* model;
  int code = shoal_open(argv[1], 0, &model, message, sizeof message);
  if (code != SHOAL_OK) {
    fprintf(stderr, "%s\n", message);
    return code;
  }
  const int64_t inputs = shoal_inputs(model), outputs = shoal_outputs(model);
  double *x = malloc((size_t)inputs * sizeof *x), *y = malloc((size_t)outputs * sizeof *y);
  FILE *in = fopen(argv[2], "rb"), *out = fopen(argv[3], "wb");
  if (x == NULL || y == NULL || in == NULL || out == NULL) return 74;
  while (code == SHOAL_OK && fread(x, sizeof *x, (size_t)inputs, in) == (size_t)inputs) {
    code = shoal_predict_double(model, 1, x, inputs, 1, y, outputs, 1, NULL, message, sizeof message);
    if (code == SHOAL_OK) fwrite(y, sizeof *y, (size_t)outputs, out);
  }
  if (code != SHOAL_OK) fprintf(stderr, "%s\n", message);
  shoal_close(&model);
  fclose(in);
  fclose(out);
  free(x);
  free(y);
  return code;
}
