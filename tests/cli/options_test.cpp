#include "cli/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

template <class T>
T parse(const std::vector<std::string>& arguments) {
  return std::get<T>(parse_command_line(arguments));
}

void expect_refused(const std::vector<std::string>& arguments, const std::string& words) {
  try {
    parse_command_line(arguments);
    ADD_FAILURE() << "accepted: " << ::testing::PrintToString(arguments);
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    EXPECT_THAT(e.what(), HasSubstr(words));
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
  }
}

TEST(Options, EachSetTakesOneValueAsItIs) {
  const auto request = parse<TrainRequest>({"train", "--set", "model.hidden=[256, 128]", "--set", "seed=3", "c.toml",
                                            "--set=data.file=a b=c.h5", "--set", "-x=1", "--set", "[a,b]"});
  EXPECT_THAT(request.sets, ElementsAre("model.hidden=[256, 128]", "seed=3", "data.file=a b=c.h5", "-x=1", "[a,b]"));
  EXPECT_EQ(request.config, "c.toml");
}

TEST(Options, Train) {
  const auto request = parse<TrainRequest>(
      {"train", "--run", "r", "--resume", "auto", "--rewind", "12", "--init-from", "i.h5", "--dry-run"});
  EXPECT_EQ(request.config, std::nullopt);
  EXPECT_EQ(request.run, "r");
  EXPECT_EQ(request.resume, "auto");
  EXPECT_EQ(request.rewind, 12);
  EXPECT_EQ(request.init_from, "i.h5");
  EXPECT_TRUE(request.dry_run);
  EXPECT_FALSE(request.profile);
  const auto profiled = parse<TrainRequest>({"train", "--profile", "--profile-trace", "t.json"});
  EXPECT_TRUE(profiled.profile);
  EXPECT_EQ(profiled.profile_trace, "t.json");
  EXPECT_FALSE(parse<TrainRequest>({"train"}).resume.has_value());
}

TEST(Options, CrossValidationHasItsFoldsBesideOtherSettings) {
  for (const auto& arguments : {std::vector<std::string>{"cv", "--folds", "3", "--set", "seed=2", "--final-fit"},
                                std::vector<std::string>{"cv", "--set", "seed=2", "--final-fit", "--folds", "3"}})
    EXPECT_THAT(parse<CvRequest>(arguments).sweep.sets,
                ::testing::UnorderedElementsAre("seed=2", "sweep.folds=3", "sweep.final_fit=true"));
}

TEST(Options, Export) {
  const auto c = parse<ExportRequest>({"export", "c", "r", "--weights", "last", "--name", "net", "-o", "a.c"});
  EXPECT_EQ(c.kind, "c");
  EXPECT_EQ(c.checkpoint, "r");
  EXPECT_EQ(c.weights, WhichWeights::last);
  EXPECT_EQ(c.name, "net");
  EXPECT_EQ(c.out, "a.c");
  const auto onnx = parse<ExportRequest>({"export", "onnx", "r", "--logits", "--check", "-o", "a.onnx"});
  EXPECT_EQ(onnx.kind, "onnx");
  EXPECT_TRUE(onnx.logits && onnx.check);
  EXPECT_EQ(parse<ExportRequest>({"export", "tensorboard", "r", "-o", "events"}).kind, "tensorboard");
  expect_refused({"export", "c", "r"}, "--out");
}

TEST(Options, EmptyNamesAreRefused) {
  expect_refused({"train", "c.toml", "--run", ""}, "--run is \"\"; it must be a name");
  expect_refused({"train", ""}, "CONFIG is \"\"; it must be a name");
}

TEST(Options, FileNamesThatLookLikeOtherThings) {
  EXPECT_EQ(parse<InspectRequest>({"inspect", "[256]"}).file, "[256]");
  EXPECT_EQ(parse<InspectRequest>({"inspect", "train"}).file, "train");
  EXPECT_EQ(parse<TrainRequest>({"train", "train"}).config, "train");
  EXPECT_THAT(parse<EvaluateRequest>({"evaluate", "a,b", "--data", "{}"}).data.files, ElementsAre("{}"));
  EXPECT_EQ(parse<InspectRequest>({"inspect", "--", "--json"}).file, "--json");
}

TEST(Options, EvaluateAndPredict) {
  const auto evaluate = parse<EvaluateRequest>({"evaluate", "c.h5", "--data", "d.h5", "--json"});
  EXPECT_THAT(evaluate.checkpoints, ElementsAre("c.h5"));
  const auto ensemble =
      parse<PredictRequest>({"predict", "a", "b.h5", "--best", "3", "--data", "d.h5", "--spread", "--out", "o.csv"});
  EXPECT_THAT(ensemble.checkpoints, ElementsAre("a", "b.h5"));
  EXPECT_EQ(ensemble.best, 3);
  EXPECT_TRUE(ensemble.spread);
  expect_refused({"evaluate", "a", "", "--data", "d.h5"}, "CHECKPOINT is \"\"");
  const auto explain = parse<ExplainRequest>(
      {"explain", "r", "--data", "d.csv", "--metric", "auc", "--repeats", "9", "--seed", "4", "--out", "i.csv"});
  EXPECT_EQ(explain.options.metric, "auc");
  EXPECT_EQ(explain.options.repeats, 9);
  EXPECT_EQ(explain.options.seed, 4U);
  EXPECT_EQ(explain.out, "i.csv");
  EXPECT_EQ(evaluate.data.split, std::nullopt) << "test, of a data set";
  EXPECT_TRUE(evaluate.json);
  EXPECT_EQ(evaluate.weights, WhichWeights::judged);
  EXPECT_EQ(parse<EvaluateRequest>({"evaluate", "c.h5", "--data", "d.h5", "--weights", "last"}).weights,
            WhichWeights::last);
  EXPECT_EQ(
      parse<PredictRequest>({"predict", "c.h5", "--data", "d.h5", "--out", "o.h5", "--weights", "average"}).weights,
      WhichWeights::average);
  const auto predict =
      parse<PredictRequest>({"predict", "c.h5", "--data=d.h5", "--x", "a,b", "--split", "train", "--out", "p.csv"});
  EXPECT_THAT(predict.data.files, ElementsAre("d.h5"));
  EXPECT_EQ(predict.data.x, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(predict.data.split, "train");
  EXPECT_EQ(predict.out, "p.csv");
}

TEST(Options, NudgeAndWatch) {
  const auto nudge =
      parse<NudgeRequest>({"nudge", "runs/a", "optimizer.l2=1", "--at-step", "40", "schedule.name=\"step\""});
  EXPECT_EQ(nudge.run, "runs/a");
  EXPECT_EQ(nudge.settings, (std::vector<std::string>{"optimizer.l2=1", "schedule.name=\"step\""}));
  EXPECT_EQ(nudge.at_step, 40);
  EXPECT_FALSE(parse<NudgeRequest>({"nudge", "r", "optimizer.l2=1"}).at_step.has_value());
  expect_refused({"nudge", "r"}, "shoal nudge: ");
  expect_refused({"nudge", "r", "optimizer.l2=1", "--at-step", "soon"},
                 "--at-step is \"soon\"; it must be a whole number");
  EXPECT_EQ(parse<NudgeRequest>({"nudge", "r", "k=1"}).wish(), RunWish::nudge);
  EXPECT_EQ(parse<NudgeRequest>({"nudge", "r", "--stop"}).wish(), RunWish::stop);
  EXPECT_EQ(parse<NudgeRequest>({"nudge", "r", "--pause"}).wish(), RunWish::pause);
  EXPECT_EQ(parse<NudgeRequest>({"nudge", "r", "--go-on"}).wish(), RunWish::go_on);
  expect_refused({"nudge", "r", "--stop", "--pause"}, "--stop");
  expect_refused({"nudge", "r", "--pause", "--go-on"}, "--pause");
  expect_refused({"nudge", "r", "--go-on", "optimizer.l2=1"}, "--go-on");
  expect_refused({"nudge", "r", "--stop", "optimizer.l2=1"}, "--stop");
  expect_refused({"nudge", "r", "--stop", "--at-step", "3"}, "--stop");
  EXPECT_TRUE(parse<WatchRequest>({"watch", "--once", "r"}).once);
  EXPECT_EQ(parse<WatchRequest>({"watch", "r"}).run, "r");
  EXPECT_EQ(parse<TrainRequest>({"train", "--replay", "r"}).replay, "r");
}

TEST(Options, Serve) {
  const auto nothing = parse<ServeRequest>({"serve"}).options;
  EXPECT_EQ(nothing.folder + nothing.host + nothing.socket, "");
  EXPECT_EQ(nothing.port, 0);
  const auto port = parse<ServeRequest>({"serve", "runs", "--host", "h", "--port", "8000", "--read-only"}).options;
  EXPECT_EQ(port.folder, "runs");
  EXPECT_EQ(port.host, "h");
  EXPECT_EQ(port.port, 8000);
  EXPECT_TRUE(port.read_only);
  EXPECT_EQ(parse<ServeRequest>({"serve", "--socket", "s"}).options.socket, "s");
  expect_refused({"serve", "--socket", "s", "--port", "8000"}, "--socket");
  expect_refused({"serve", "--socket", "s", "--host", "h"}, "--socket");
  expect_refused({"serve", "--socket", ""}, "--socket");
  expect_refused({"serve", "--port", "x"}, "--port is \"x\"");
}

TEST(Options, Importers) {
  const auto csv = parse<CsvRequest>({"import", "csv", "f.csv", "--label", "0", "--header", "no", "--test-fraction",
                                      "0.25", "--seed", "010", "-o", "o.h5"});
  EXPECT_EQ(csv.out, "o.h5");
  const CsvOptions& options = csv.options;
  EXPECT_EQ(options.file, "f.csv");
  EXPECT_EQ(options.label, "0");
  EXPECT_EQ(options.header, false);
  EXPECT_EQ(options.split.test_fraction, 0.25);
  EXPECT_EQ(options.split.seed, 10U);
  EXPECT_TRUE(options.split.stratify);
  EXPECT_FALSE(parse<CsvRequest>({"import", "csv", "f", "-o", "o"}).options.header.has_value());
  const auto table = parse<CsvRequest>({"import",
                                        "csv",
                                        "a.csv",
                                        "b.csv",
                                        "--test",
                                        "c.csv",
                                        "--test",
                                        "d.csv",
                                        "--label",
                                        "y,z",
                                        "--weight",
                                        "w",
                                        "--id",
                                        "i,j",
                                        "--group",
                                        "g",
                                        "--split",
                                        "s",
                                        "--ignore",
                                        "k",
                                        "--category",
                                        "c",
                                        "--missing",
                                        "NA,-",
                                        "--delimiter",
                                        "tab",
                                        "--decimal",
                                        ",",
                                        "--columns",
                                        "in.toml",
                                        "--columns-out",
                                        "out.toml",
                                        "--drop-unlabelled",
                                        "-o",
                                        "o.h5"});
  EXPECT_EQ(table.options.file, "a.csv");
  EXPECT_THAT(table.options.further, ::testing::ElementsAre("b.csv"));
  EXPECT_THAT(table.options.test, ::testing::ElementsAre("c.csv", "d.csv"));
  EXPECT_EQ(table.options.label + table.options.weight + table.options.id + table.options.group, "y,zwi,jg");
  EXPECT_EQ(table.options.split_column + table.options.ignore + table.options.category, "skc");
  EXPECT_EQ(table.options.missing, "NA,-");
  EXPECT_EQ(table.options.delimiter, '\t');
  EXPECT_EQ(table.options.decimal, ',');
  EXPECT_TRUE(table.options.drop_unlabelled);
  EXPECT_EQ(table.columns + table.columns_out, "in.tomlout.toml");
  EXPECT_EQ(parse<CsvRequest>({"import", "csv", "-", "-o", "o.h5"}).options.file, "-");

  const auto idx =
      parse<ImportRequest>({"import", "idx", "--images", "i", "--labels", "l", "--test-images", "j", "--test-labels",
                            "m", "--validation-fraction", "0.1", "--no-stratify", "--out", "o"});
  EXPECT_FALSE(std::get<IdxOptions>(idx.source).split.stratify);
  EXPECT_EQ(std::get<IdxOptions>(idx.source).test_labels, "m");
  EXPECT_EQ(std::get<IdxOptions>(idx.source).split.validation_fraction, 0.1);
  EXPECT_EQ(std::get<NpyOptions>(parse<ImportRequest>({"import", "npy", "--x", "x", "--y", "y", "-o", "o"}).source).y,
            "y");
  EXPECT_EQ(
      std::get<LibsvmOptions>(parse<ImportRequest>({"import", "libsvm", "f", "--test-last", "-5", "-o", "o"}).source)
          .split.test_last,
      -5);  // refused by the importer, with a better message
}

TEST(Options, Synth) {
  const auto request = parse<SynthRequest>({"synth", "spirals", "--samples", "100", "--features", "2", "--classes", "3",
                                            "--seed", "18446744073709551615", "-o", "s.h5"});
  EXPECT_EQ(request.kind, "spirals");
  EXPECT_EQ(request.options.samples, 100);
  EXPECT_EQ(request.options.seed, 18446744073709551615U);
}

TEST(Options, HelpAndVersion) {
  const auto nothing = parse<PrintRequest>({});
  EXPECT_EQ(nothing.status, ExitStatus::usage);
  EXPECT_THAT(nothing.text, HasSubstr("Usage: shoal"));
  const auto help = parse<PrintRequest>({"--help"});
  EXPECT_EQ(help.status, ExitStatus::done);
  EXPECT_EQ(help.text, nothing.text);
  const auto version = parse<PrintRequest>({"--version"});
  EXPECT_EQ(version.status, ExitStatus::done);
  EXPECT_THAT(version.text, StartsWith("shoal 0."));
  EXPECT_EQ(version.text, version_text());
  for (const char* line : {"instruction set: ", "\nMPI: ", "\nHDF5: 1."}) EXPECT_THAT(version.text, HasSubstr(line));
}

TEST(Options, EveryCommandHasAnExample) {
  const std::vector<std::vector<std::string>> commands{{"train"},
                                                       {"nudge"},
                                                       {"watch"},
                                                       {"evaluate"},
                                                       {"predict"},
                                                       {"inspect"},
                                                       {"import"},
                                                       {"import", "idx"},
                                                       {"import", "csv"},
                                                       {"import", "npy"},
                                                       {"import", "libsvm"},
                                                       {"synth"},
                                                       {"synth", "gaussians"},
                                                       {"synth", "spirals"}};
  for (std::vector<std::string> arguments : commands) {
    std::string name = "shoal";
    for (const std::string& word : arguments) name += ' ' + word;
    arguments.push_back("--help");
    const auto help = parse<PrintRequest>(arguments);
    EXPECT_EQ(help.status, ExitStatus::done);
    EXPECT_THAT(help.text, HasSubstr("Usage: " + name));
    EXPECT_NE(help.text.find(name + ' ', help.text.find("Example:")), std::string::npos) << name;
  }
}

TEST(Options, MistakesNameTheNearestWord) {
  expect_refused({"trian"}, "no command \"trian\"; did you mean train? See shoal --help");
  expect_refused({"import", "cvs", "f"}, "shoal import has no command \"cvs\"; did you mean csv?");
  expect_refused({"evaluate", "c.h5", "--dta", "d.h5"}, "shoal evaluate has no option --dta; did you mean --data?");
  expect_refused({"train", "--resum=auto"}, "no option --resum; did you mean --resume?");
  expect_refused({"import", "csv", "a.csv", "-o", "a.h5", "--drop", "b"}, "no option --drop; did you mean --ignore?");
  expect_refused({"import", "csv", "a.csv", "-o", "a.h5", "--sep", ";"}, "no option --sep; did you mean --delimiter?");
  expect_refused({"train", "--xyzzy-word"}, "no option --xyzzy-word; see shoal train --help");
  expect_refused({"train", "--lr", "0.1"}, "--lr; did you mean --set optimizer.learning_rate=VALUE?");
  expect_refused({"sweep", "--epochs=3"}, "no option --epochs; did you mean --set train.epochs=VALUE?");
  expect_refused({"train", "--batch-size", "8"}, "--batch-size; did you mean --set data.batch_size=VALUE?");
  expect_refused({"nudge", "--lr", "0.1"}, "no option --lr; see");
  expect_refused({"--json"}, "shoal has no option --json");
  expect_refused({"doctor", "---"}, "no option ---; see shoal doctor --help");
}

TEST(Options, WhatIsMissingOrTooMuch) {
  expect_refused({"evaluate", "c.h5"}, "shoal evaluate: --data is required");
  expect_refused({"evaluate", "c.h5", "--data", "d.h5", "--weights", "ema"},
                 "--weights is \"ema\"; it must be last or average");
  expect_refused({"predict", "--data", "d.h5", "--out", "o"}, "CHECKPOINT is required");
  expect_refused({"import", "csv", "f.csv"}, "--out is required");
  expect_refused({"import"}, "give one of idx, csv, npy, libsvm");
  expect_refused({"synth"}, "give one of gaussians, spirals");
  expect_refused({"explain", "a", "b", "--data", "d"}, "does not expect \"b\"");
  expect_refused({"train", "--run", "a", "--run", "b"}, "--run takes one value, and once");
  expect_refused({"train", "--set"}, "--set takes one KEY=VALUE; for more give --set again");
  expect_refused({"sweep", "--set"}, "--set takes one KEY=VALUE; for more give --set again");
  expect_refused({"inspect", "a", "inspect", "b"}, "does not expect \"inspect\"");
}

TEST(Options, NumbersThatAreNone) {
  const std::vector<std::string> synth{"synth", "gaussians", "--features", "2", "--classes", "2", "-o", "o"};
  const auto with = [&](const std::string& option, const std::string& value) {
    std::vector<std::string> arguments = synth;
    arguments.insert(arguments.end(), {option, value});
    return arguments;
  };
  expect_refused(with("--samples", "ten"), "--samples is \"ten\"; it must be a whole number");
  expect_refused(with("--samples", "10x"), "\"10x\"");
  expect_refused(with("--samples", "1e3"), "\"1e3\"");
  expect_refused(with("--samples", "99999999999999999999"), "\"99999999999999999999\"");
  expect_refused(with("--seed", "-1"), "--seed is \"-1\"; it must be a whole number of at least 0");
  expect_refused(with("--test-fraction", "nan"), "--test-fraction is \"nan\"; it must be a number");
  expect_refused({"import", "csv", "f", "--delimiter", "ab", "-o", "o"},
                 "--delimiter is \"ab\"; it must be one character");
  expect_refused({"import", "csv", "f", "--decimal", ";", "-o", "o"}, "--decimal is \";\"; it must be . or ,");
  expect_refused({"import", "csv", "f", "--header", "maybe", "-o", "o"}, "--header is \"maybe\"; it must be yes or no");
  expect_refused({"train", "--rewind", "last"}, "--rewind is \"last\"");
}

}  // namespace
}  // namespace shoal
