/* Rows of a CSV file without quotes, by the names in its first line, through a trained model: table MODEL CSV; status 65
 * for a row with more cells or fewer.
 *   cc table.c $(pkg-config --cflags --libs shoal_infer) -o table */
#include <shoal/shoal.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 64, LINE = 4096 };

static int split(char* line, const char** cells) {
  int count = 0;
  line[strcspn(line, "\r\n")] = '\0';
  for (char* end = line; end != NULL && count < MOST; line = end) {
    if ((end = strchr(line, ',')) != NULL) *end++ = '\0';
    cells[count++] = line;
  }
  return count;
}

int main(int argc, char** argv) {
  char message[512] = "", names[LINE], line[LINE];
  const char *header[MOST], *cells[MOST];
  shoal_column columns[MOST];
  double y[MOST];
  shoal_model* model = NULL;
  FILE* csv = argc == 3 ? fopen(argv[2], "r") : NULL;
  if (csv == NULL || fgets(names, LINE, csv) == NULL) return 66;
  const int count = split(names, header);
  for (int i = 0; i < count; ++i) columns[i] = (shoal_column){header[i], &cells[i], 1, SHOAL_TEXT};
  int code = shoal_open(argv[1], 0, &model, message, sizeof message);
  while (code == SHOAL_OK && fgets(line, LINE, csv) != NULL) {
    if (line[strspn(line, "\r\n")] == '\0') continue;
    if (split(line, cells) != count) return 65;
    code = shoal_predict_columns_double(model, 1, columns, count, y, 1, 1, NULL, message, sizeof message);
    for (int k = 0; code == SHOAL_OK && k < shoal_outputs(model); ++k) printf(k > 0 ? ",%.17g" : "%.17g", y[k]);
    putchar('\n');
  }
  fprintf(stderr, "%s", message);
  shoal_close(&model);
  return code;
}
