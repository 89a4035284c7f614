// What is searched first, and in which ranges. The order, log scales for learning rate and 1 - beta, and trials at
// random in the place of a grid are those of Ng, Deep Learning specialisation (2017), course 2, week 3.
#include "tune/first_sweep/first_space.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::int64_t least_image = 16;    // pixels an edge: two halvings leave 4
constexpr std::int64_t most_channels = 16;  // of what is an image
constexpr std::int64_t updates = 2000;      // that a training should have, about
constexpr std::int64_t weights_a_row = 20;  // of the widest layer: more only learn the rows by heart
constexpr std::int64_t trials_a_dimension = 8;

std::int64_t power_of_two_below(std::int64_t n) {
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(std::max<std::int64_t>(1, n))));
}

/// The part of train that is drawn to validate on, where the file has no split for that.
double drawn_share(const DataFacts& facts) {
  if (facts.rows < 5000) return 0.2;
  if (facts.rows < 100000) return 0.1;
  return facts.rows < 1000000 ? 0.05 : 0.02;
}

double rows_to_validate(const DataFacts& facts, double of_train) {
  const auto rows = static_cast<double>(facts.rows);
  return facts.validation > 0 ? of_train * static_cast<double>(facts.validation) / rows : of_train * drawn_share(facts);
}

std::vector<Advice> data_advice(const DataFacts& facts) {
  std::vector<Advice> all;
  const bool alike = facts.bytes && !facts.table;
  all.push_back({"normalize",
                 alike ? "\"unit\"" : "\"standard\"",
                 {alike ? "bytes, all on one scale: to 0..1" : "columns in units of their own: mean 0, deviation 1"}});
  if (facts.validation == 0)
    all.push_back({"validation",
                   fmt::format("{}", drawn_share(facts)),
                   {"of the rows to train on, drawn by seed: trials are compared on them"}});
  return all;
}

std::vector<Advice> model_advice(const DataFacts& facts, bool convolutions) {
  std::vector<Advice> all;
  if (convolutions)
    all.push_back({"preset", "\"resnet8\"", {"a small residual network; lenet and resnet20 are others"}});
  if (!convolutions)
    all.push_back({"batch_norm", "true", {"a wider range of learning rates works, and deeper networks train"}});
  if (facts.yes_or_no)
    all.push_back({"loss", "\"sigmoid\"", {"all targets are 0 or 1: each output is a yes or no of its own"}});
  return all;
}

Advice metric_advice(const DataFacts& facts) {
  const auto classes = std::count_if(facts.of_class.begin(), facts.of_class.end(), [](auto rows) { return rows > 0; });
  const auto rows = static_cast<double>(facts.rows);
  const auto rarest = static_cast<double>(facts.rarest());
  Advice loss = {"metric", "\"validation.loss\"", {"smoother than counts of right answers, which often tie"}};
  if (facts.of_class.empty())
    return {"metric",
            "\"validation.loss\"",
            {facts.yes_or_no ? "the cross-entropy, a mean over outputs"
                             : "the mean square, in units of the targets' deviations"}};
  if (classes < 2) return loss;
  const bool unequal = classes == 2 ? rarest < 0.2 * rows : 3.0 * rarest < static_cast<double>(facts.commonest());
  if (!unequal) return loss;
  if (rows_to_validate(facts, rarest) < 10.0)
    return {"metric",
            "\"validation.loss\"",
            {fmt::format("the smallest class has {}: too few for metrics of classes", counted(facts.rarest(), "row"))}};
  if (classes == 2)
    return {"metric",
            "\"validation.auc\"",
            {fmt::format("{:.2g} % of the rows are of the rarer class: who always says the other is right in the rest",
                         100.0 * rarest / rows)}};
  return {"metric",
          "\"validation.balanced_accuracy\"",
          {fmt::format("classes have {} to {} rows: each counts alike, however few it has", facts.rarest(),
                       facts.commonest())}};
}

/// Powers of two.
std::vector<std::int64_t> batch_sizes(const DataFacts& facts, bool convolutions) {
  const std::int64_t most =
      std::clamp<std::int64_t>(power_of_two_below(facts.rows / 10), 16, convolutions ? 256 : 1024);
  std::vector<std::int64_t> sizes;
  for (std::int64_t size = std::max<std::int64_t>(16, most / 8); size <= most; size *= 2) sizes.push_back(size);
  return sizes;
}

Advice batch_advice(const DataFacts& facts, const std::vector<std::int64_t>& sizes) {
  return {"data.batch_size",
          fmt::format("{{choices = [{}]}}", fmt::join(sizes, ", ")),
          {"Batch size: small ones make more updates of an epoch, and noisier ones; large ones are faster.",
           facts.rows / 10 < sizes.back() ? fmt::format("Of {} rows no more than that.", facts.rows)
                                          : fmt::format("Powers of two, up to a tenth of the {} rows.", facts.rows)}};
}

std::int64_t widest(const DataFacts& facts) {
  std::int64_t width = 16;
  while (width < 512 && 2 * width * (facts.inputs + 2 * width) <= weights_a_row * facts.rows) width *= 2;
  return width;
}

std::vector<Advice> size_advice(const DataFacts& facts, bool convolutions) {
  if (convolutions)
    return {{"model.channels",
             "{choices = [8, 16, 32]}",
             {"Units: the channels of the first stage; later ones have two and four times as many."}},
            {"model.blocks", "{min = 1, max = 2}", {"Layers: residual blocks in each of the three stages."}}};
  const std::int64_t width = widest(facts);
  return {{"model.width",
           fmt::format("{{scale = \"log\", min = {}, max = {}}}", std::max<std::int64_t>(8, width / 8), width),
           {"Hidden units of each layer, on the log scale: twice as many is a step wherever it begins. The most is",
            fmt::format("what {} of {} can teach.", counted(facts.rows, "row"), counted(facts.inputs, "input"))}},
          {"model.depth", fmt::format("{{min = 1, max = {}}}", facts.rows < 1000 ? 2 : 3), {"Hidden layers."}}};
}

}  // namespace

bool suits_convolutions(const DataFacts& facts) {
  return facts.image.size() == 3 && facts.image[0] <= most_channels && facts.image[1] >= least_image &&
         facts.image[2] >= least_image;
}

FirstSpace first_space(const DataFacts& facts, bool convolutions) {
  FirstSpace first;
  first.convolutions = convolutions;
  first.data = data_advice(facts);
  first.model = model_advice(facts, convolutions);
  first.metric = metric_advice(facts);
  const std::vector<Advice> sizes = size_advice(facts, convolutions);
  const std::vector<std::int64_t> batches = batch_sizes(facts, convolutions);
  first.space = {
      {"optimizer.learning_rate",
       fmt::format("{{scale = \"log\", min = 1e-4, max = {}}}", convolutions ? "3e-2" : "1e-1"),
       {"The learning rate matters most: too low learns nothing in time, too high nothing at all. On the log scale,",
        "so that 0.0001 to 0.001 gets as many trials as 0.01 to 0.1."}},
      {"optimizer.beta1",
       "{scale = \"one_minus_log\", min = 0.8, max = 0.99}",
       {"Momentum averages the last 1 / (1 - beta) gradients: 5 to 100. On the log scale of 1 - beta, for 0.98 to "
        "0.99",
        "doubles that, and 0.80 to 0.81 does next to nothing."}},
      sizes[0],
      batch_advice(facts, batches),
      sizes[1],
      {"schedule.name",
       "{choices = [\"constant\", \"cosine\"]}",
       {"Decay of the learning rate: large steps first, small ones at the end, or the same all along."}},
      {"model.dropout",
       fmt::format("{{min = 0.0, max = {}}}", facts.rows < 100000 ? "0.5" : "0.2"),
       {"Dropout, against learning rows by heart: of use where the training loss is far below that of validation."}},
  };
  if (batches.size() == 1) {  // nothing to search
    std::erase_if(first.space, [](const Advice& advice) { return advice.key == "data.batch_size"; });
    first.data.push_back({"batch_size",
                          fmt::format("{}", batches.front()),
                          {fmt::format("of {} rows larger ones would make few updates", facts.rows)}});
  }
  if (first.metric.value.find("balanced") != std::string::npos)
    first.space.push_back({"train.class_weights",
                           "{choices = [\"none\", \"balanced\"]}",
                           {"Whether rare classes count more in the loss of training, too."}});
  if (convolutions)
    first.space.push_back({"data.augment.crop",
                           "{choices = [0, 2]}",
                           {"Images shifted by up to two pixels each way, anew in each epoch. Mirrored ones",
                            "(data.augment.flip) are left out: letters and digits are not the same then."}});
  first.epochs = std::clamp<std::int64_t>(updates * 64 / facts.rows, 5, convolutions ? 15 : 30);
  first.trials = trials_a_dimension * static_cast<std::int64_t>(first.space.size()) / (convolutions ? 2 : 1);
  return first;
}

}  // namespace shoal
