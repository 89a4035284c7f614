// The C interface: a Predictor behind a handle, exceptions to codes and messages.
#include <algorithm>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/core/version.hpp"
#include "shoal/infer/predictor.hpp"
#include "shoal/shoal.h"

#define SHOAL_EXPORT extern "C" __attribute__((visibility("default")))

struct shoal_model {
  shoal::Predictor predictor;

  const shoal::DataDescription& data() const { return predictor.trained_on(); }
};

namespace {

using shoal::Error;
using shoal::ExitStatus;
using shoal::NamedColumn;
using shoal::RowsView;

static_assert(SHOAL_USAGE == static_cast<int>(ExitStatus::usage) &&
              SHOAL_BAD_DATA == static_cast<int>(ExitStatus::bad_data) &&
              SHOAL_NO_INPUT == static_cast<int>(ExitStatus::no_input) &&
              SHOAL_INTERNAL == static_cast<int>(ExitStatus::internal) &&
              SHOAL_INPUT_OUTPUT == static_cast<int>(ExitStatus::input_output) &&
              SHOAL_NOT_FINITE == static_cast<int>(ExitStatus::diverged));
static_assert(SHOAL_FLOAT == static_cast<int>(NamedColumn::Kind::float32) &&
              SHOAL_DOUBLE == static_cast<int>(NamedColumn::Kind::float64) &&
              SHOAL_INT32 == static_cast<int>(NamedColumn::Kind::int32) &&
              SHOAL_INT64 == static_cast<int>(NamedColumn::Kind::int64) &&
              SHOAL_TEXT == static_cast<int>(NamedColumn::Kind::text));

/// Whole characters alone: a message may name a file or column in any script.
void tell(const char* what, char* message, std::size_t size) {
  if (message == nullptr || size == 0) return;
  std::size_t length = std::strlen(what);
  if (length >= size) {
    length = size - 1;
    while (length > 0 && (static_cast<unsigned char>(what[length]) & 0xC0U) == 0x80U) --length;
  }
  std::memcpy(message, what, length);
  message[length] = '\0';
}

template <class Body>
int guarded(char* message, std::size_t size, const Body& body) noexcept {
  try {
    body();
    return SHOAL_OK;
  } catch (const Error& e) {
    tell(e.what(), message, size);
    return static_cast<int>(e.status());
  } catch (const std::bad_alloc&) {
    tell("there is not enough memory", message, size);
  } catch (const std::exception& e) {
    tell(e.what(), message, size);
  }
  return SHOAL_INTERNAL;
}

void require(bool holds, const char* otherwise) {
  if (!holds) throw Error(ExitStatus::usage, otherwise);
}

template <class Make>
int open(shoal_model** model, char* message, std::size_t size, const Make& make) {
  if (model != nullptr) *model = nullptr;
  return guarded(message, size, [&] {
    require(model != nullptr, "no place for the model is given: it is NULL");
    *model = new shoal_model{make()};
  });
}

template <class T>
void check(const shoal_model* model, std::int64_t rows, const void* from, const T* y) {
  require(model != nullptr, "the model is NULL: never opened, or closed");
  require(rows <= 0 || from != nullptr, "the inputs are NULL");
  require(rows <= 0 || y != nullptr, "the outputs are NULL");
}

template <class T>
int predict(const shoal_model* model, std::int64_t rows, RowsView<const T> x, RowsView<T> y, std::int32_t* labels,
            char* message, std::size_t size) {
  return guarded(message, size, [&] {
    check(model, rows, x.data, y.data);
    model->predictor.predict(rows, x, y, labels);
  });
}

NamedColumn column_at(const void* columns, std::size_t i) {
  const shoal_column& c = static_cast<const shoal_column*>(columns)[i];
  require(c.name != nullptr, "a column has no name: it is NULL");
  require(c.kind >= SHOAL_FLOAT && c.kind <= SHOAL_TEXT, "a column is of a kind that there is not");
  return {c.name, static_cast<NamedColumn::Kind>(c.kind), c.data, c.stride};
}

template <class T>
int predict_columns(const shoal_model* model, std::int64_t rows, const shoal_column* columns, std::int64_t count,
                    RowsView<T> y, std::int32_t* labels, char* message, std::size_t size) {
  return guarded(message, size, [&] {
    check(model, rows, columns, y.data);
    require(count >= 0 && (count == 0 || columns != nullptr), "the columns are NULL, or less than none");
    const shoal::NamedColumns given(columns, static_cast<std::size_t>(count), column_at);
    model->predictor.predict(rows, given, y, labels);
  });
}

const char* text_at(const std::vector<std::string>& texts, std::int64_t at) {
  return at >= 0 && at < std::ssize(texts) ? texts[static_cast<std::size_t>(at)].c_str() : nullptr;
}

const std::vector<std::string>* categories_of(const shoal_model* model, std::int64_t input) {
  if (model == nullptr || !model->data().table) return nullptr;
  const auto& features = model->data().table->features;
  const bool there = input >= 0 && input < std::ssize(features);
  return there ? &features[static_cast<std::size_t>(input)].categories : nullptr;
}

}  // namespace

SHOAL_EXPORT int shoal_abi_version(void) { return SHOAL_ABI_VERSION; }
SHOAL_EXPORT const char* shoal_version(void) {
  return shoal::version().data();  // a literal, which ends with a 0
}

SHOAL_EXPORT int shoal_open(const char* path, int threads, shoal_model** model, char* message, size_t message_size) {
  return open(model, message, message_size, [&] {
    require(path != nullptr, "the path is NULL");
    return shoal::Predictor(path, shoal::WhichWeights::judged, threads);
  });
}

SHOAL_EXPORT int shoal_open_memory(const void* bytes, size_t size, int threads, shoal_model** model, char* message,
                                   size_t message_size) {
  return open(model, message, message_size, [&] {
    require(bytes != nullptr || size == 0, "the bytes are NULL");
    const std::span all(static_cast<const std::byte*>(bytes), size);
    return shoal::Predictor(all, "the checkpoint in memory", shoal::WhichWeights::judged, threads);
  });
}

SHOAL_EXPORT void shoal_close(shoal_model** model) {
  if (model == nullptr) return;
  delete *model;
  *model = nullptr;
}

SHOAL_EXPORT int64_t shoal_inputs(const shoal_model* model) {
  return model == nullptr ? 0 : model->predictor.features();
}
SHOAL_EXPORT const char* shoal_input_name(const shoal_model* model, int64_t input) {
  return model == nullptr ? nullptr : text_at(model->data().columns, input);
}
SHOAL_EXPORT int64_t shoal_categories(const shoal_model* model, int64_t input) {
  const auto* categories = categories_of(model, input);
  return categories == nullptr ? 0 : std::ssize(*categories);
}
SHOAL_EXPORT const char* shoal_category(const shoal_model* model, int64_t input, int64_t category) {
  const auto* categories = categories_of(model, input);
  return categories == nullptr ? nullptr : text_at(*categories, category);
}
SHOAL_EXPORT int64_t shoal_outputs(const shoal_model* model) {
  return model == nullptr ? 0 : model->predictor.layout().columns;
}
SHOAL_EXPORT const char* shoal_output_name(const shoal_model* model, int64_t output) {
  return model == nullptr ? nullptr : text_at(model->predictor.layout().names, output);
}
SHOAL_EXPORT int64_t shoal_classes(const shoal_model* model) {
  return model == nullptr || !model->predictor.layout().labels ? 0 : model->data().classes;
}
SHOAL_EXPORT const char* shoal_class_name(const shoal_model* model, int64_t number) {
  return model == nullptr ? nullptr : text_at(model->data().class_names, number);
}
SHOAL_EXPORT int64_t shoal_step(const shoal_model* model) { return model == nullptr ? 0 : model->predictor.step(); }
SHOAL_EXPORT const char* shoal_digest(const shoal_model* model) {
  return model == nullptr ? nullptr : model->predictor.digest().c_str();
}

SHOAL_EXPORT int shoal_predict_float(const shoal_model* model, int64_t rows, const float* x, int64_t x_row_stride,
                                     int64_t x_column_stride, float* y, int64_t y_row_stride, int64_t y_column_stride,
                                     int32_t* labels, char* message, size_t message_size) {
  return predict<float>(model, rows, {x, x_row_stride, x_column_stride}, {y, y_row_stride, y_column_stride}, labels,
                        message, message_size);
}
SHOAL_EXPORT int shoal_predict_double(const shoal_model* model, int64_t rows, const double* x, int64_t x_row_stride,
                                      int64_t x_column_stride, double* y, int64_t y_row_stride, int64_t y_column_stride,
                                      int32_t* labels, char* message, size_t message_size) {
  return predict<double>(model, rows, {x, x_row_stride, x_column_stride}, {y, y_row_stride, y_column_stride}, labels,
                         message, message_size);
}

SHOAL_EXPORT int shoal_predict_columns_float(const shoal_model* model, int64_t rows, const shoal_column* columns,
                                             int64_t count, float* y, int64_t y_row_stride, int64_t y_column_stride,
                                             int32_t* labels, char* message, size_t message_size) {
  return predict_columns<float>(model, rows, columns, count, {y, y_row_stride, y_column_stride}, labels, message,
                                message_size);
}
SHOAL_EXPORT int shoal_predict_columns_double(const shoal_model* model, int64_t rows, const shoal_column* columns,
                                              int64_t count, double* y, int64_t y_row_stride, int64_t y_column_stride,
                                              int32_t* labels, char* message, size_t message_size) {
  return predict_columns<double>(model, rows, columns, count, {y, y_row_stride, y_column_stride}, labels, message,
                                 message_size);
}
