// A checkpoint, with all that resuming and inspecting read of it, predictions in memory, and evaluation on two rows
// that fit the model in the corpus. Inputs that do not begin like one are images: they get a header that says the
// truth, as whoever wants to harm would give them, or no input would come past the hash.
#include <cstring>
#include <limits>

#include "fuzz.hpp"
#include "io/checkpoint_header.hpp"
#include "shoal/infer/predictor.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/names.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/train/checkpoint.hpp"
#include "shoal/train/dataset_predictor.hpp"

namespace {

std::vector<std::uint8_t> sealed(std::span<const std::uint8_t> image) {
  std::vector<std::uint8_t> bytes(shoal::checkpoint_header_bytes);
  bytes.insert(bytes.end(), image.begin(), image.end());
  shoal::write_checkpoint_header(std::as_writable_bytes(std::span(bytes)), 1);
  return bytes;
}

/// Two features, two classes: numbers, or a number and a category, with a missing cell each.
shoal::Dataset data_set(bool of_table) {
  const std::string path = shoal::fuzz::output_path() + (of_table ? ".table" : "");
  shoal::H5Writer writer(path);
  const float x[4] = {0.0F, 1.0F, -1.0F, 2.0F};
  const std::int32_t y[2] = {0, 1};
  writer.create_array("train/x", shoal::ElementType::float32, {2, 2});
  writer.create_array("train/y", shoal::ElementType::int32, {2});
  writer.write_rows("train/x", 0, std::as_bytes(std::span(x)));
  writer.write_rows("train/y", 0, std::as_bytes(std::span(y)));
  if (of_table) {
    const float missing = std::numeric_limits<float>::quiet_NaN();
    const float cells[4] = {missing, 1.0F, -1.0F, missing};
    writer.write_rows("train/x", 0, std::as_bytes(std::span(cells)));
    shoal::TableDescription table;
    table.features = {{"a", shoal::ColumnType::number, {}}, {"b", shoal::ColumnType::category, {"p", "q"}}};
    shoal::write_names(writer, "table", {shoal::table_text(table)});
  }
  writer.finish();
  return shoal::Dataset::open(path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr char begin[] = {'S', 'H', 'O', 'A', 'L'};
  const bool is_whole = size >= sizeof begin && std::memcmp(data, begin, sizeof begin) == 0;
  const std::span<const std::uint8_t> input(data, size);
  const std::vector<std::uint8_t> bytes = is_whole ? std::vector(input.begin(), input.end()) : sealed(input);
  const shoal::fuzz::InputAsFile file(bytes);
  return shoal::fuzz::read([&] {
    const shoal::Archive archive = shoal::parse_checkpoint(shoal::read_checkpoint(file.path()), "c.h5");
    shoal::read_progress(archive);
    const bool of_table = shoal::read_description(archive).table.has_value();
    shoal::read_encoding(archive);
    shoal::read_target_scaling(archive, shoal::read_model(archive).target_columns());
    shoal::read_class_weights(archive, 3);
    shoal::digest(archive);
    shoal::NudgeJournal::parse(archive.text("journal"), "the journal");
    if (shoal::read_config(archive).data.batch_size > 4096) return;  // may take half of the memory
    static const shoal::Dataset plain = data_set(false);
    static const shoal::Dataset table = data_set(true);
    static shoal::Communicator alone;
    const shoal::Predictor in_memory(file.path(), shoal::WhichWeights::judged, 1);
    in_memory.predict(std::vector<double>(static_cast<std::size_t>(in_memory.features()), 1.0));
    shoal::DatasetPredictor(file.path(), alone).evaluate(of_table ? table : plain, "train");
  });
}
