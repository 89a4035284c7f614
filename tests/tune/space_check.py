"""Whether the values that a search chose lie where the search says, judged by the values alone."""
import math

from drawn import Failure

INTEGERS = ("seed", "data.batch_size", "data.shuffle_block", "data.one_hot", "data.augment.cutout", "schedule.warmup_steps",
            "model.depth", "model.width", "train.epochs", "train.early_stopping.patience")
WIDTHS = (1.0, 0.4, 0.16)  # of the boxes of coarse_to_fine, by round
NEAR = 1e-6


def is_whole(key, one):
    return key in INTEGERS or one.get("integer", False)


def is_real(key, one):
    return "choices" not in one and not is_whole(key, one) and one["min"] < one["max"]


def cell(key, one, value):
    """From where to where on the scale of its key, 0 to 1, a value is drawn."""
    if "choices" in one:
        at, count = one["choices"].index(value), len(one["choices"])
        return at / count, (at + 1) / count
    low, high = one["min"], one["max"]
    if low == high:
        return 0.0, 1.0
    if is_whole(key, one):
        if one.get("scale") == "log":
            width = math.log((high + 0.5) / (low - 0.5))
            return math.log((value - 0.5) / (low - 0.5)) / width, math.log((value + 0.5) / (low - 0.5)) / width
        return (value - low) / (high - low + 1), (value - low + 1) / (high - low + 1)
    if one.get("scale") == "log":
        u = math.log(value / low) / math.log(high / low)
    elif one.get("scale") == "one_minus_log":
        u = math.log((1 - value) / (1 - low)) / math.log((1 - high) / (1 - low))
    else:
        u = (value - low) / (high - low)
    return u, u


def check_bounds(space, rows):
    for row in rows:
        for key, one in space.items():
            value = row["hyperparameters"][key]
            inside = value in one["choices"] if "choices" in one else one["min"] <= value <= one["max"]
            if not inside or (is_whole(key, one) and "choices" not in one and not isinstance(value, int)):
                raise Failure(f"trial {row['trial']} has {key} = {value} of {one}")


def check_even(space, rows):
    """Of the first 2^k points of a scrambled Sobol sequence each has a cell of its own, in every dimension."""
    count = 2 ** int(math.log2(len(rows)))
    for key, one in space.items():
        if len({str(choice) for choice in one.get("choices", [])}) < len(one.get("choices", [])):
            continue
        cells = sorted(cell(key, one, row["hyperparameters"][key]) for row in rows[:count])
        for i, (low, high) in enumerate(cells):
            if low > (i + 1) / count + NEAR or high < i / count - NEAR:
                raise Failure(f"{key} is not even: {cells}")


def check_random(space, rows):
    """Kolmogorov and Smirnov: the numbers that all trials drew are uniform on their scales."""
    drawn = sorted(cell(key, one, row["hyperparameters"][key])[0] for row in rows for key, one in space.items() if is_real(key, one))
    n = len(drawn)
    apart = max((max(abs(u - i / n), abs(u - (i + 1) / n)) for i, u in enumerate(drawn)), default=0.0)
    if apart * math.sqrt(n) > 2.5:
        raise Failure(f"random numbers are not uniform: {drawn}")


def levels_of(key, one):
    if "choices" in one:
        return len(one["choices"])
    return 1 if one["min"] == one["max"] else one["max"] - one["min"] + 1 if is_whole(key, one) else math.inf


def check_grid(space, rows):
    """No point twice while there are others, all of them where trials suffice, and levels that lie evenly."""
    most = [levels_of(key, one) for key, one in space.items()]
    levels = [1] * len(most)
    while math.prod(levels) < len(rows) and levels != most:
        levels[min((d for d in range(len(most)) if levels[d] < most[d]), key=lambda d: levels[d])] += 1
    points = {str(row["hyperparameters"]) for row in rows}
    twice = any(len({str(choice) for choice in one.get("choices", [])}) < len(one.get("choices", [])) for one in space.values())
    if not twice and len(points) != min(math.prod(levels), len(rows)):
        raise Failure(f"grid: {len(points)} points of {len(rows)} trials and {levels} levels")
    for d, (key, one) in enumerate(space.items()):
        seen = {str(row["hyperparameters"][key]): row["hyperparameters"][key] for row in rows}.values()
        if len(points) < math.prod(levels) or not is_real(key, one):
            continue
        places = sorted(cell(key, one, value)[0] for value in seen)
        wanted = [0.5] if levels[d] == 1 else [i / (levels[d] - 1) for i in range(levels[d])]
        if len(places) != len(wanted) or any(abs(a - b) > NEAR for a, b in zip(places, wanted)):
            raise Failure(f"grid: the levels of {key} lie at {places}")


def check_finer(space, rows):
    """A trial of a later round of coarse_to_fine lies in the box of one of the best of the rounds before."""
    reals = [key for key, one in space.items() if is_real(key, one)]
    place = {row["trial"]: [cell(key, space[key], row["hyperparameters"][key])[0] for key in reals] for row in rows}
    for row in rows:
        before = [r for r in rows if r["round"] < row["round"] and "same_as" not in r and r["place"]]
        if row["round"] == 0 or not before:
            continue
        width = WIDTHS[row["round"]]
        size = sum(r["round"] == row["round"] for r in rows)
        best = sorted(before, key=lambda r: r["place"])[:max(2, size // 4)]
        boxes = [[min(max(u - width / 2, 0.0), 1.0 - width) for u in place[one["trial"]]] for one in best]
        if not any(all(low - NEAR <= u <= low + width + NEAR for low, u in zip(box, place[row["trial"]])) for box in boxes):
            raise Failure(f"trial {row['trial']} at {place[row['trial']]} of {reals} is in none of {boxes}, {width} wide")


def check_space(search, space, rows, first_round):
    check_bounds(space, rows)
    if search in ("random", "quasi_random", "grid"):
        {"random": check_random, "quasi_random": check_even, "grid": check_grid}[search](space, rows)
    elif search == "coarse_to_fine":
        check_finer(space, rows)
    else:
        check_even(space, rows[:first_round])
