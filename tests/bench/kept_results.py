"""Results of long campaigns, kept in a file as they come, so that one that was stopped goes on."""
import json
import os


class KeptResults:
    """A result by its name: lines of JSON in a file, or without a file (None) in memory alone."""

    def __init__(self, path):
        self.path = path
        self.results = {}
        if path and os.path.exists(path):
            with open(path) as file:
                self.results = dict(json.loads(line) for line in file)

    def get(self, name, compute):
        if name not in self.results:
            self.results[name] = compute()
            if self.path:
                with open(self.path, "a") as file:
                    file.write(json.dumps([name, self.results[name]]) + "\n")
        return self.results[name]
