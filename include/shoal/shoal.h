/* A trained model in a program of its own: the C interface of libshoal_infer, in C99.
 *
 *   shoal_model *model;
 *   char message[256];
 *   if (shoal_open("runs/a", 0, &model, message, sizeof message) != SHOAL_OK) ...
 *   shoal_predict_float(model, rows, x, 4, 1, y, 3, 1, NULL, message, sizeof message);
 *   shoal_close(&model);
 *
 * The numbers are those of `shoal predict`, to the bit, for one row as for a million, on every processor that shoal
 * knows. The library takes libc, libm and libstdc++ alone; it starts no threads, and a model that is open may be used
 * by any number of them at once: each does its own work. A call that succeeds takes no memory but shoal_open's.
 *
 * Functions return SHOAL_OK or another code. Then nothing was written but a message of one line, which says what is
 * wrong, the value seen and what to do: as much of it as `message_size` bytes hold, with a 0 at its end. `message` may
 * be NULL. Texts that go in and out are UTF-8.
 *
 * Within one major version of the library (libshoal_infer.so.1) functions are only ever added; shoal_abi_version() says
 * how far this one is, N of the library's version 1.N.0, as shoal_infer.pc says it. */
#ifndef SHOAL_SHOAL_H
#define SHOAL_SHOAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHOAL_ABI_VERSION 1

/* Codes; those of the command line (its exit status). */
enum {
  SHOAL_OK = 0,
  SHOAL_USAGE = 64,    /* null, closed, a size or kind that cannot be */
  SHOAL_BAD_DATA = 65, /* no checkpoint, a damaged or newer one; a value that is not finite; a column that is missing */
  SHOAL_NO_INPUT = 66, /* no such file */
  SHOAL_INTERNAL = 70, /* a broken promise inside shoal, or no memory */
  SHOAL_INPUT_OUTPUT = 74, /* the system does not let the file be read */
  SHOAL_NOT_FINITE = 76    /* what the model makes of a row is not finite */
};

typedef struct shoal_model shoal_model;

/* SHOAL_ABI_VERSION of the library in use; a program may need a higher one than is there. */
int shoal_abi_version(void);
/* Of shoal, such as "0.1.0". */
const char* shoal_version(void);

/* path:     a checkpoint, or the folder of a run, of which the latest is taken
 * threads:  that predict at a time, each with memory of its own, up to 256 or the cores there are, and a quarter of the
 *           machine's memory; others wait. 0: as many as this process has cores
 * model:    set when it is open, and to NULL when it is not */
int shoal_open(const char* path, int threads, shoal_model** model, char* message, size_t message_size);
/* The bytes of a checkpoint file, which are not needed afterwards. */
int shoal_open_memory(const void* bytes, size_t size, int threads, shoal_model** model, char* message,
                      size_t message_size);
/* Sets *model to NULL, so that later calls with it are refused. NULL, or what is closed, is left alone. No thread may
 * be using it. */
void shoal_close(shoal_model** model);

/* What a model takes and gives. Texts live until it is closed. Of NULL: 0 and NULL, as for an index that is not there.
 */
int64_t shoal_inputs(const shoal_model* model);                        /* numbers, or columns, of a row */
const char* shoal_input_name(const shoal_model* model, int64_t input); /* NULL where they have none */
int64_t shoal_categories(const shoal_model* model, int64_t input);     /* of a column of categories; else 0 */
const char* shoal_category(const shoal_model* model, int64_t input, int64_t category);
int64_t shoal_outputs(const shoal_model* model); /* numbers of a row: a probability a class, or what is predicted */
const char* shoal_output_name(const shoal_model* model, int64_t output);
int64_t shoal_classes(const shoal_model* model); /* that labels are numbers of; 0: it gives no labels */
const char* shoal_class_name(const shoal_model* model, int64_t number);
int64_t shoal_step(const shoal_model* model);       /* finished updates */
const char* shoal_digest(const shoal_model* model); /* as `shoal inspect` shows it */

/* Predicts rows of numbers: input i of row r is x[r * x_row_stride + i * x_column_stride], output k of it
 * y[r * y_row_stride + k * y_column_stride]; strides count elements and may be anything, so that what C calls a row
 * may be a column of Fortran's. x as it is in a data set, before any encoding; of a table NaN for a gap, and for a
 * category its number, from 0, or shoal_categories() for any other. The double of an output is its float, but for
 * targets that float cannot tell apart.
 *
 * labels: the class of each row, from 0; or NULL
 *
 * y and labels must not overlap x. A call of more than 256 KiB of outputs as double goes through its rows twice: y is
 * written when all is known to be well. */
int shoal_predict_float(const shoal_model* model, int64_t rows, const float* x, int64_t x_row_stride,
                        int64_t x_column_stride, float* y, int64_t y_row_stride, int64_t y_column_stride,
                        int32_t* labels, char* message, size_t message_size);
int shoal_predict_double(const shoal_model* model, int64_t rows, const double* x, int64_t x_row_stride,
                         int64_t x_column_stride, double* y, int64_t y_row_stride, int64_t y_column_stride,
                         int32_t* labels, char* message, size_t message_size);

/* A column of a table as the caller has it. SHOAL_TEXT: const char *const *, texts as they stand in a file, NULL or
 * "" for a gap. Columns of categories take texts, or whole numbers if their texts are such: 123 is "123", or "00123"
 * where no other category has that value. What is none of shoal_category() counts as unseen, as for `shoal predict`.
 * Other columns take any kind, with NaN for a gap. */
enum { SHOAL_FLOAT = 1, SHOAL_DOUBLE = 2, SHOAL_INT32 = 3, SHOAL_INT64 = 4, SHOAL_TEXT = 5 };
typedef struct shoal_column {
  const char* name;
  const void* data;
  int64_t stride; /* elements from one row to the next */
  int32_t kind;
} shoal_column;

/* The same of rows by the names of their columns, in any order; more of them than are needed may be given. */
int shoal_predict_columns_float(const shoal_model* model, int64_t rows, const shoal_column* columns, int64_t count,
                                float* y, int64_t y_row_stride, int64_t y_column_stride, int32_t* labels, char* message,
                                size_t message_size);
int shoal_predict_columns_double(const shoal_model* model, int64_t rows, const shoal_column* columns, int64_t count,
                                 double* y, int64_t y_row_stride, int64_t y_column_stride, int32_t* labels,
                                 char* message, size_t message_size);

#ifdef __cplusplus
}
#endif

#endif
