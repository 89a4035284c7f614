/* What shoal/shoal.h refuses, and that it then writes nothing but a message: misuse CHECKPOINT (16 numbers, 3 classes)
 */
#include <math.h>
#include <shoal/shoal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 16, OUTPUTS = 3, ROWS = 5 };
static int faults = 0;
static char message[256];
static float x[ROWS * INPUTS], y[ROWS * OUTPUTS];
static int32_t labels[ROWS];

static void expect(int holds, const char* what, int line) {
  if (holds) return;
  ++faults;
  fprintf(stderr, "misuse.c:%d: %s; the message is \"%s\"\n", line, what, message);
}
#define EXPECT(condition) expect(condition, #condition, __LINE__)
/* A code and a message of one line with these words. */
#define REFUSED(call, code, words)                                                                       \
  do {                                                                                                   \
    strcpy(message, "nothing said");                                                                     \
    expect((call) == (code), #call " gives another code than " #code, __LINE__);                         \
    expect(strstr(message, words) != NULL && strchr(message, '\n') == NULL, #call " says so", __LINE__); \
  } while (0)

static int untouched(void) {
  for (int i = 0; i < ROWS * OUTPUTS; ++i) {
    if (y[i] != -7.0F) return 0;
  }
  for (int r = 0; r < ROWS; ++r) {
    if (labels[r] != -7) return 0;
  }
  return 1;
}

static unsigned char* read_all(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) exit(66);
  *size = (size_t)ftell(file);
  rewind(file);
  unsigned char* bytes = malloc(*size);
  if (bytes == NULL || fread(bytes, 1, *size, file) != *size) exit(74);
  fclose(file);
  return bytes;
}

static void open_what_is_no_model(const char* path, const char* other) {
  shoal_model* model = (shoal_model*)(uintptr_t)1; /* never looked at */
  REFUSED(shoal_open("no such file", 1, &model, message, sizeof message), SHOAL_NO_INPUT, "no such file");
  EXPECT(model == NULL);
  REFUSED(shoal_open(NULL, 1, &model, message, sizeof message), SHOAL_USAGE, "path is NULL");
  REFUSED(shoal_open(path, 1, NULL, message, sizeof message), SHOAL_USAGE, "NULL");
  REFUSED(shoal_open(path, -1, &model, message, sizeof message), SHOAL_USAGE, "-1 threads");
  REFUSED(shoal_open(other, 1, &model, message, sizeof message), SHOAL_BAD_DATA, "is not a shoal checkpoint");
  REFUSED(shoal_open("/proc", 1, &model, message, sizeof message), SHOAL_NO_INPUT, "folder without checkpoints");
  REFUSED(shoal_open_memory(NULL, 10, 1, &model, message, sizeof message), SHOAL_USAGE, "bytes are NULL");
  REFUSED(shoal_open_memory(NULL, 0, 1, &model, message, sizeof message), SHOAL_BAD_DATA, "cut short: 0 bytes");

  size_t size = 0;
  unsigned char* bytes = read_all(path, &size);
  for (size_t cut = 1; cut < size; cut += size / 37 + 1) {
    unsigned char* part = malloc(size - cut); /* of its own, so that a look beyond it shows */
    memcpy(part, bytes, size - cut);
    REFUSED(shoal_open_memory(part, size - cut, 1, &model, message, sizeof message), SHOAL_BAD_DATA, "cut short");
    free(part);
  }
  EXPECT(shoal_open_memory(bytes, 100, 1, &model, message, sizeof message) == SHOAL_BAD_DATA);
  for (size_t at = 0; at < size; at += size / 101 + 1) {
    bytes[at] ^= 16;
    EXPECT(shoal_open_memory(bytes, size, 1, &model, message, sizeof message) == SHOAL_BAD_DATA && model == NULL);
    bytes[at] ^= 16;
  }
  EXPECT(shoal_open_memory(bytes, size, 1, &model, message, sizeof message) == SHOAL_OK);
  memset(bytes, 0, size); /* they are not needed any more */
  free(bytes);
  EXPECT(shoal_inputs(model) == INPUTS);
  shoal_close(&model);
}

static void ask_what_is_not_there(const shoal_model* model) {
  EXPECT(shoal_inputs(NULL) == 0 && shoal_outputs(NULL) == 0 && shoal_classes(NULL) == 0 && shoal_step(NULL) == 0);
  EXPECT(shoal_input_name(NULL, 0) == NULL && shoal_output_name(NULL, 0) == NULL && shoal_digest(NULL) == NULL);
  EXPECT(shoal_class_name(NULL, 0) == NULL && shoal_category(NULL, 0, 0) == NULL && shoal_categories(NULL, 0) == 0);
  EXPECT(shoal_output_name(model, -1) == NULL && shoal_output_name(model, OUTPUTS) == NULL);
  EXPECT(strcmp(shoal_output_name(model, 2), "p_2") == 0 && shoal_class_name(model, OUTPUTS) == NULL);
  EXPECT(shoal_input_name(model, 0) == NULL && shoal_categories(model, 0) == 0);
  EXPECT(shoal_classes(model) == OUTPUTS && strlen(shoal_digest(model)) == 32 && shoal_step(model) > 0);
  EXPECT(shoal_abi_version() == SHOAL_ABI_VERSION && strlen(shoal_version()) > 0);
}

static void predict_what_cannot_be(const shoal_model* model) {
#define PREDICT(model, rows, x, y, labels) \
  shoal_predict_float(model, rows, x, INPUTS, 1, y, OUTPUTS, 1, labels, message, sizeof message)
  REFUSED(PREDICT(NULL, ROWS, x, y, labels), SHOAL_USAGE, "model is NULL");
  REFUSED(PREDICT(model, -3, x, y, labels), SHOAL_USAGE, "-3 rows");
  REFUSED(PREDICT(model, ROWS, NULL, y, labels), SHOAL_USAGE, "inputs are NULL");
  REFUSED(PREDICT(model, ROWS, x, NULL, labels), SHOAL_USAGE, "outputs are NULL");
  EXPECT(PREDICT(model, 0, NULL, NULL, NULL) == SHOAL_OK);
  x[ROWS * INPUTS - 1] = NAN;
  REFUSED(PREDICT(model, ROWS, x, y, labels), SHOAL_BAD_DATA, "row 4, feature 15 is nan");
  EXPECT(untouched());
  for (int i = 0; i < INPUTS; ++i) x[(ROWS - 1) * INPUTS + i] = 3e38F;
  REFUSED(PREDICT(model, ROWS, x, y, labels), SHOAL_NOT_FINITE, "row 4 is not finite");
  EXPECT(untouched());
  for (int i = 0; i < INPUTS; ++i) x[(ROWS - 1) * INPUTS + i] = 0.0F;
  const shoal_column column = {"a", x, 1, SHOAL_FLOAT};
  REFUSED(shoal_predict_columns_float(model, 1, &column, 1, y, OUTPUTS, 1, NULL, message, sizeof message), SHOAL_USAGE,
          "columns have no names");
  REFUSED(shoal_predict_columns_float(NULL, 1, &column, 1, y, OUTPUTS, 1, NULL, message, sizeof message), SHOAL_USAGE,
          "model is NULL");
  REFUSED(shoal_predict_columns_float(model, 1, &column, -1, y, OUTPUTS, 1, NULL, message, sizeof message), SHOAL_USAGE,
          "less than none");
  EXPECT(untouched());
  EXPECT(PREDICT(model, ROWS, x, y, labels) == SHOAL_OK && !untouched());
}

/* Of a message as much as there is room for, and nothing beyond. */
static void tell_in_little_room(void) {
  shoal_model* model;
  char room[8] = "1234567";
  EXPECT(shoal_open("no such file", 1, &model, room, 4) == SHOAL_NO_INPUT && strlen(room) == 3 && room[4] == '5');
  EXPECT(shoal_open("no such file", 1, &model, room, 0) == SHOAL_NO_INPUT && strlen(room) == 3);
  EXPECT(shoal_open("no such file", 1, &model, NULL, 100) == SHOAL_NO_INPUT);
  EXPECT(shoal_open("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 1, &model, room, 7) == SHOAL_NO_INPUT);
  for (const char* c = room; *c != '\0'; ++c) EXPECT((c[0] & 0xE0) != 0xC0 || (c[1] & 0xC0) == 0x80);
}

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  for (int i = 0; i < ROWS * OUTPUTS; ++i) y[i] = -7.0F;
  for (int r = 0; r < ROWS; ++r) labels[r] = -7;
  open_what_is_no_model(argv[1], argv[2]);
  shoal_model* model;
  EXPECT(shoal_open(argv[1], 2, &model, message, sizeof message) == SHOAL_OK);
  ask_what_is_not_there(model);
  predict_what_cannot_be(model);
  tell_in_little_room();
  shoal_close(&model);
  EXPECT(model == NULL);
  REFUSED(PREDICT(model, ROWS, x, y, labels), SHOAL_USAGE, "closed");
  shoal_close(&model);
  shoal_close(NULL);
  return faults == 0 ? 0 : 1;
}
