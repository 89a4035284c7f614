"""A data set and a sweep on it, drawn from all that [sweep] can say."""
from drawn_run import ACTIVATIONS, DrawnRun, toml

LEARNS = ("bayesian", "tpe")
OPEN_ENDED = ("random", "quasi_random", *LEARNS)  # more trials may be added to what was tried


class DrawnSweep(DrawnRun):
    """Its keys are those of a training; `sweep` holds those of [sweep], and `space` what is searched."""

    def __init__(self, number, folder):
        super().__init__(number, folder)
        self.base = {key: value for key, value in self.keys.items() if not key.startswith("checkpoint.")}
        self.sweep = {}
        self.population = self.some(0.2)
        self.halving = not self.population and self.some(0.3)
        self.draw_length()
        self.draw_search()
        self.draw_metric()
        self.space = self.draw_space()
        self.settle()
        if self.some(0.1):
            self.base["data.train"] = ["train", "test"]

    # How long trials are, how many, and which.

    def draw_length(self):
        if self.population or self.halving:
            self.base.pop("train.steps", None)
            self.base["train.epochs"] = self.draw.randint(3, 8)
        if self.population:
            self.base.pop("train.early_stopping.patience", None)
            self.sweep["population"] = self.draw.randint(2, 7)
            self.sweep["generation"] = self.one(0, 1, 1, 2)
            self.sweep["exploit"] = self.one(0.2, 0.25, 0.5)
        if self.halving:
            self.sweep["successive_halving"] = {"eta": self.one(2, 2, 3), "min_epochs": self.one(1, 1, 2)}
        if self.some(0.2):
            self.base["train.evaluate_every"] = self.draw.randint(1, 3)

    def draw_search(self):
        searches = ["random", "quasi_random", "grid"]
        if not self.population:
            self.sweep["trials"] = self.draw.randint(3, 14)
            searches += ["coarse_to_fine"] * 2 + ([] if self.halving else ["bayesian", "bayesian", "tpe", "tpe"])
            if not self.halving and self.some(0.25):
                self.sweep["folds"] = self.draw.randint(2, 4)
                self.base.pop("data.fold", None)
        self.search = self.sweep["search"] = self.one(*searches)
        if self.search in LEARNS:
            self.sweep["trials"] += 8
            self.sweep["round"] = self.draw.randint(1, 5)
        if self.search == "coarse_to_fine":
            self.sweep["trials"] += 6
        if not self.population and self.some(0.4):
            self.sweep["final_fit"] = self.one(True, False)
        if self.some(0.5):
            self.sweep["keep"] = self.draw.randint(0, 7)

    def draw_metric(self):
        metrics = ["validation.loss"] * 3 + ["train.loss"]
        if self.target == "numbers":
            metrics += ["validation.rmse", "validation.mae", "validation.r2"]
        elif self.target == "several":
            metrics += ["validation.accuracy", "validation.auc", "validation.average_precision"]
        else:
            metrics += ["validation." + name for name in ("accuracy", "balanced_accuracy", "macro_f1", "auc", "average_precision")]
        self.metric = self.one(*metrics)
        if self.base.get("model.loss") == "mse" and self.target != "numbers":
            self.metric = self.one("validation.loss", "train.loss")
        where = self.one("sweep", "train", "both")
        if where != "train":
            self.sweep["metric"] = self.metric
        if where != "sweep" and (self.metric != "train.loss" or where == "both"):
            self.base["train.metric"] = self.metric
        elif where == "train":
            self.metric = "validation.loss"

    # What is searched.

    def draw_space(self):
        options = self.options()
        wanted = self.draw.sample(sorted(options), min(len(options), self.draw.randint(1, 4)))
        if self.population and "optimizer.learning_rate" not in wanted:
            wanted[0] = "optimizer.learning_rate"
        return {key: options[key] for key in sorted(wanted)}

    def range_of(self, low, high, scale=None):
        """Of numbers; now and then a single one."""
        if self.some(0.05):
            high = low
        return {**({"scale": scale} if scale else {}), "min": low, "max": high}

    def some_of(self, *values):
        """A list of choices; now and then one of them twice."""
        chosen = self.draw.sample(values, self.draw.randint(1, len(values)))
        return {"choices": chosen + ([chosen[0]] if self.some(0.05) else [])}

    def options(self):
        draw = self.draw
        rates = (round(10 ** draw.uniform(-5, -2), 8), round(10 ** draw.uniform(-2, 1), 4))
        wild = {"min": 1e-3, "max": 1e9, "scale": "log"}  # most trials fail
        options = {
            "optimizer.learning_rate": self.one(*[self.range_of(*rates, "log")] * 5, self.range_of(*rates), wild,
                                                {"choices": [1e-4, 0.003, 1e-1]}),
            "optimizer.name": self.some_of("adam", "adamw", "gd", "lamb", "momentum", "rmsprop"),
            "optimizer.beta1": self.range_of(0.5, 0.999, "one_minus_log"),
            "optimizer.l2": self.range_of(1e-6, 0.5, self.one("log", "linear")),
            "optimizer.clip_norm": self.one(self.range_of(0.0, 3.0), {"min": 0, "max": 4, "integer": True}),
            "schedule.name": self.some_of("constant", "cosine", "exponential", "one_cycle", "polynomial"),
            "schedule.warmup_steps": self.range_of(0, draw.randint(1, 6)),
            "seed": self.range_of(1, draw.choice([3, 1000, 2**40])),
            "data.batch_size": self.one(self.range_of(16, 60), self.range_of(12, 80, "log"), self.some_of(16, 24, 32, 64)),
            "data.normalize": self.some_of("standard", "unit"),
            "data.shuffle_block": self.range_of(1, 20),
            "model.init": self.some_of("auto", "he", "xavier"),
            "parallel.leaves": self.some_of(2, 4, 5, 8),
            "train.average_decay": self.range_of(0.2, 0.99, "one_minus_log"),
        }
        if not self.population:
            options["train.early_stopping.patience"] = self.range_of(0, 2)
        if not self.population and not self.halving:
            options["train.epochs"] = self.range_of(1, draw.randint(2, 5), self.one("linear", "log"))
        if "model.hidden" in self.base:
            options["model.hidden"] = self.some_of([], [4], [3, 9], [17])
            options["model.activation"] = self.some_of(*ACTIVATIONS)
            options["model.dropout"] = self.range_of(0.0, 0.6)
            options["model.batch_norm.enabled"] = self.some_of(False, True)
            options["model.depth"] = self.range_of(0, draw.randint(1, 3))
            options["model.width"] = self.range_of(1, draw.randint(2, 33), self.one("linear", "log"))
        if self.table:
            options["data.one_hot"], options["data.unseen_rate"] = self.range_of(1, 40, "log"), self.range_of(0.0, 0.3)
        if self.target in ("classes", "two") and self.metric != "train.loss":
            options["train.class_weights"] = self.some_of("none", "balanced", {"0": 3.0})
        if self.target in ("classes", "two") and self.metric not in ("validation.loss", "train.loss"):
            self.base.pop("model.loss", None)
            options["model.loss"] = {"choices": ["softmax", {"name": "softmax", "label_smoothing": 0.2}]}
        if self.target == "numbers" and self.metric not in ("validation.loss", "train.loss"):
            options["model.loss"] = self.some_of("mse", "mae", {"name": "huber", "delta": 0.7})
            options["data.normalize_targets"] = self.some_of("standard", "none")
        if "data.augment.crop" in self.base:
            options["data.augment.cutout"] = self.range_of(0, 3)
        return options

    def settle(self):
        """Keys that would say something else than the space."""
        if "model.depth" in self.space or "model.width" in self.space:
            self.space.pop("model.hidden", None)
            self.base.pop("model.hidden", None)
            self.base["model.width"], self.base["model.depth"] = 7, 1
        for key in self.space:
            self.base.pop(key, None)
        if "train.epochs" in self.space:
            self.base.pop("train.steps", None)
        if "seed" in self.space:
            self.base["seed"] = 5

    # Files.

    def write(self, name, keys):
        (self.folder / name).write_text("".join(f"{key} = {toml(value)}\n" for key, value in keys.items()))

    def write_sweep(self, name, **changed):
        keys = {f"sweep.{key}": value for key, value in {**self.sweep, **changed}.items()}
        self.write(name, {**self.base, **keys, **{f'sweep.space."{key}"': one for key, one in self.space.items()}})

    def training_of(self, values):
        """The keys of the training that a trial with these hyperparameters is."""
        keys = {**self.base, **values}
        if "seed" in self.space:
            keys.setdefault("data.split_seed", self.base["seed"])
        if "model.depth" in self.space and keys["model.depth"] == 0:
            keys["model.width"] = 0
        return keys
