#!/usr/bin/env python3
"""Reports in a real Chromium: what they draw, what they ask for, and that the keyboard is enough.

  page_test.py SHOAL WORK DIGITS.csv.gz [AXE.js]

Curves hold the first, last, least and greatest value of the files; brushes select the right trials; nothing is said in
the console and nothing is asked of a network; pages are small, and the same to the byte when made again. With axe-core,
pages have no serious fault of accessibility.
"""
import csv
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

shoal, work, digits = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
axe = pathlib.Path(sys.argv[4]).read_text() if len(sys.argv) > 4 else None
faults = []


def check(good, what):
    if not good:
        faults.append(what)
        print("wrong:", what, file=sys.stderr)


def run(*arguments, status=0):
    done = subprocess.run([shoal, *map(str, arguments)], cwd=work, capture_output=True, text=True)
    if done.returncode != status:
        sys.exit(f"shoal {' '.join(map(str, arguments))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def lines_of(file):
    return [json.loads(line) for line in (work / file).read_text().splitlines()]


# ---- folders to report

MADE_UP = "long"  # 10,000 steps with a hole, nudges, a resume, markup in names, and a spike of one step


def make_long_run():
    """A real run whose metrics are replaced, so that what they hold is known and large."""
    run("train", "--set", f"data.file={work}/digits.h5", "--set", "model.hidden=[16]", "--set", "train.epochs=2",
        "--set", "data.validation=0.2", "--run", MADE_UP)
    draw = random.Random(7)
    with open(work / MADE_UP / "metrics.jsonl", "w") as out:
        for step in range(1, 10001):
            if 6000 < step < 6500:
                continue  # the disk was full
            loss = 2.5 * math.exp(-step / 2000) + 0.05 * draw.random() + 0.01
            loss = 40.5 if step == 4321 else 0.0009765625 if step == 7777 else loss
            time = step * 0.01 if step <= 5000 else 60 + (step - 5000) * 0.01  # the second job was long in beginning
            out.write(json.dumps({"step": step, "epoch": (step - 1) // 100 + 1, "loss": round(loss, 9),
                                  "learning_rate": 0.001 if step < 3000 else 0.0001,
                                  "samples_per_second": 1000 + draw.random(), "time": round(time, 3)}) + "\n")
            if step % 100 == 0:
                out.write(json.dumps({"step": step, "epoch": step // 100, "split": "validation",
                                      "loss": round(2.4 * math.exp(-step / 2500) + 0.1, 9),
                                      "accuracy": 1 - math.exp(-step / 1000), "time": round(time, 3)}) + "\n")
    jobs = lines_of(f"{MADE_UP}/jobs.jsonl")
    check(len(jobs) == 2 and jobs[0]["ranks"] == 1 and jobs[1]["text"] == "finished", f"jobs: {jobs}")
    went_on = dict(jobs[0], after_step=5000)
    (work / MADE_UP / "jobs.jsonl").write_text("".join(json.dumps(job) + "\n" for job in [
        jobs[0], dict(jobs[1], step=5000, status=75, text="stopped by SIGUSR1"), went_on,
        dict(jobs[1], step=10000, status=76, text="the loss of step 10001 is nan")]))
    (work / MADE_UP / "nudges.jsonl").write_text(
        '{"step":3000,"key":"optimizer.learning_rate","value":0.0001}\n')


def make_sweep(folder, trials, curve=30):
    """A finished random search, made up; values are drawn by shoal from the config."""
    place = work / folder
    place.mkdir(parents=True)
    (place / "config.toml").write_text(f"""seed = 1
[data]
file = "{work}/digits.h5"
[model]
depth = 2
width = 64
[train]
epochs = {curve}
[sweep]
trials = {trials}
[sweep.space]
"optimizer.learning_rate" = {{scale = "log", min = 1e-4, max = 1e-1}}
"optimizer.beta1" = {{scale = "one_minus_log", min = 0.9, max = 0.999}}
"model.width" = {{scale = "linear", min = 32, max = 256, integer = true}}
"data.batch_size" = {{choices = [64, 128, 256]}}
"optimizer.clip_norm" = {{choices = [1.0]}}
""")
    (place / "fingerprint").write_text("made up\n")
    draw = random.Random(5)
    with open(place / "journal.jsonl", "w") as out:
        for trial in range(trials):
            end, pace = math.exp(draw.gauss(-1.5, 0.8)), draw.uniform(1, 8)
            points = [[e, end * 0.8 + 2 * math.exp(-e / pace), 0.9, end + 2 * math.exp(-e / pace), 0.9]
                      for e in range(1, curve + 1)]
            failed = trial % 50 == 7
            out.write(json.dumps({"trial": trial, "rung": 0, "failed": failed,
                                  "reason": "</script><b>nan" if failed else "",
                                  "curve": points[:2] if failed else points, "seconds": 1.0, "rank": 0}) + "\n")


# ---- the browser

def open_browser():
    options = Options()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--window-size=1280,1000", f"--user-data-dir={work}/browser"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver", log_path=os.devnull), options=options)


def load(page, width=1280, scheme="light"):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                            {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    browser.get_log("performance")
    browser.get(f"file://{work}/{page}")
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def check_quiet(page):
    """No error in the console, no request but for the page itself, nothing wider than the window."""
    for entry in browser.get_log("browser"):
        check(False, f"{page}: console: {entry['message']}")
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] != "Network.requestWillBeSent":
            continue
        if message["params"]["documentURL"].startswith("chrome://"):  # the browser's own first page, which may still be loading
            continue
        url = message["params"]["request"]["url"]
        check(url == pathlib.Path(work, page).as_uri(), f"{page}: asks for {url}")
    across = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    check(across[0] <= across[1], f"{page}: {across[0]} pixels wide in a window of {across[1]}")


def check_accessible(page):
    if axe is None:
        return
    browser.execute_script(axe)
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    for fault in found["violations"]:
        if fault["impact"] in ("serious", "critical"):
            check(False, f"{page}: axe: {fault['id']}: {fault['help']}: {fault['nodes'][0]['html'][:200]}")


def series(name):
    """The points that a curve is drawn through, and how many points its path has."""
    return browser.execute_script("""
        const path = Array.from(document.querySelectorAll('path[data-series]')).find(p => p.dataset.series === arguments[0]);
        return [d3.select(path).datum().filter(p => p !== null), path.getAttribute('d').split(/[ML]/).length - 1,
                path.getAttribute('d').split('M').length - 1];""", name)


def check_curve(page, name, steps, values):
    points, drawn, parts = series(name)
    check(len(points) == drawn, f"{page}: {name}: {len(points)} points, {drawn} drawn")
    shown = {step: value for step, value in points}
    for what, at in (("first", 0), ("last", len(steps) - 1), ("least", values.index(min(values))),
                     ("greatest", values.index(max(values)))):
        # 9 digits, as the file has of a loss
        good = steps[at] in shown and math.isclose(shown[steps[at]], values[at], rel_tol=1e-8)
        check(good, f"{page}: {name}: {what} value {values[at]} of step {steps[at]} is not drawn")
    known = dict(zip(steps, values))
    check(all(math.isclose(known[s], v, rel_tol=1e-8) for s, v in shown.items()), f"{page}: {name}: other values")
    return parts


def focus(selector):
    browser.execute_script("document.querySelector(arguments[0]).focus()", selector)


def press(*keys):
    chain = ActionChains(browser)
    for key in keys:
        chain.send_keys(key)
    chain.perform()


# ---- what is tested

def test_run():
    page = "long.html"
    run("report", MADE_UP, "-o", page)
    size = (work / page).stat().st_size
    check(size <= 1_000_000, f"{page}: {size} bytes")
    first = (work / page).read_bytes()
    run("report", MADE_UP, "-o", page)
    check((work / page).read_bytes() == first, f"{page}: other bytes when made again")
    metrics = lines_of(f"{MADE_UP}/metrics.jsonl")
    steps = [m for m in metrics if "split" not in m]
    judged = [m for m in metrics if "split" in m]
    for width in (1280, 400):
        load(page, width)
        parts = check_curve(page, "each batch", [m["step"] for m in steps], [m["loss"] for m in steps])
        check(parts == 2, f"{page}: a curve with one gap in {parts} parts")
        check_curve(page, "validation", [m["step"] for m in judged], [m["loss"] for m in judged])
        check_curve(page, "learning rate", [m["step"] for m in steps], [m["learning_rate"] for m in steps])
        check_curve(page, "each step", [m["step"] for m in steps], [m["samples_per_second"] for m in steps])
        check_quiet(page)
    load(page)
    marks = browser.execute_script("return Array.from(document.querySelectorAll('ol.marks li')).map(l => l.textContent)")
    check(any("optimizer.learning_rate = 0.0001" in m and "3,000" in m for m in marks), f"{page}: nudge in {marks}")
    check(any("stopped by SIGUSR1; resumed after step 5000 on 1 rank" in m and "5,001" in m for m in marks),
          f"{page}: resume in {marks}")
    check(any("the loss of step 10001 is nan" in m for m in marks), f"{page}: its end in {marks}")
    text = browser.find_element(By.TAG_NAME, "body").text
    for word in ("2 min 40 s", "log scale", "Calibration", "true class", "shoal train --replay long --run long-again"):
        check(word in text, f"{page}: no {word!r}")
    # The cursor goes by keys alone, and says what is there.
    focus("rect.catch[role=slider]")
    press(Keys.HOME)
    check("step 1:" in browser.find_element(By.CSS_SELECTOR, ".readout").text, f"{page}: the cursor at Home")
    press(Keys.ARROW_RIGHT)
    after = browser.find_element(By.CSS_SELECTOR, ".readout").text
    check(after.startswith("step ") and "step 1:" not in after and "each batch" in after, f"{page}: the cursor: {after}")
    check_accessible(page)
    load(page, 400, "dark")
    check_accessible(page + " in the dark")


def test_real_run_without_data():
    """The confusion matrix is that of evaluate; where the data are gone, the page says so."""
    run("train", "--set", f"data.file={work}/digits.h5", "--set", "model.hidden=[16]", "--set", "train.epochs=1",
        "--set", "data.validation=test", "--run", "one")
    run("report", "one", "-o", "one.html")
    run("evaluate", "one/checkpoints/best", "--data", "digits.h5", "--split", "test", "--confusion", "confusion.csv")
    load("one.html")
    check_curve("one.html", "each batch", *zip(*[(m["step"], m["loss"]) for m in lines_of("one/metrics.jsonl")
                                                 if "split" not in m]))
    shown = browser.execute_script("""return Array.from(document.querySelectorAll('#confusion tbody tr'))
        .map(r => Array.from(r.cells).map(c => c.textContent))""")
    truth = [row for row in csv.reader((work / "confusion.csv").read_text().splitlines())][1:]
    check(shown == truth, "one.html: the confusion matrix is not that of shoal evaluate")
    check_quiet("one.html")
    (work / "digits.h5").rename(work / "moved.h5")
    run("report", "one", "-o", "one.html")
    (work / "moved.h5").rename(work / "digits.h5")
    check("could not be evaluated here" in (work / "one.html").read_text(), "one.html: does not say that data are gone")
    check("--split test" not in (work / "one.html").read_text(), "one.html: proposes to evaluate on data that are gone")


def test_several():
    run("report", MADE_UP, "one", "-o", "several.html")
    load("several.html")
    names = browser.execute_script("return Array.from(document.querySelectorAll('path[data-series]')).map(p => p.dataset.series)")
    check({MADE_UP, "one"} <= set(names), f"several.html: curves of {set(names)}")
    differs = browser.find_element(By.XPATH, "//section[h2='What differs']").text
    check("data.validation" in differs and "model.hidden" not in differs, f"several.html: {differs}")
    check_quiet("several.html")
    check_accessible("several.html")


def selected_trials():
    """Those of the table, and of the line that is read aloud."""
    rows = browser.execute_script("""return Array.from(document.querySelectorAll('#trials tbody tr'))
        .filter(r => !r.classList.contains('apart')).map(r => Number(r.dataset.trial))""")
    said = browser.find_element(By.CSS_SELECTOR, "[role=status]").text
    check(said.startswith(f"{len(rows):,} of "), f"said {said!r}, but {len(rows)} rows")
    return set(rows)


def test_sweep(folder, most_bytes):
    page = f"{folder}.html"
    run("report", folder, "-o", page)
    size = (work / page).stat().st_size
    check(size <= most_bytes, f"{page}: {size} bytes")
    load(page)
    sweep = json.loads(browser.execute_script("return document.getElementById('data').textContent"))["sweep"]
    trials = {t["trial"]: t for t in sweep["trials"] if t["status"] != "failed"}
    check(len(trials) + sum(t % 50 == 7 for t in range(len(sweep["trials"]))) == len(sweep["trials"]), f"{page}: trials")
    keys = [d["key"] for d in sweep["space"]]
    lowest = sorted(trials, key=lambda t: trials[t]["score"])

    # At first the best are brushed; another number brushes so many.
    best = selected_trials()
    check(best == set(lowest[:len(best)]) and 0 < len(best) < len(trials), f"{page}: {len(best)} are not the best")
    number = browser.find_element(By.ID, "best")
    number.clear()
    number.send_keys("5")
    check(selected_trials() == set(lowest[:5]), f"{page}: the best 5")
    lit = browser.execute_script("return Array.from(new Set(Array.from(document.querySelectorAll('path.lit')).map(p => [p.dataset.trial, p.style.stroke].join(' '))))")
    check(len(lit) == 5, f"{page}: a trial has several colours: {lit}")

    # By keys alone: all, then the upper half of the learning rates, on their log scale, and two of three batch sizes.
    browser.find_element(By.XPATH, "//button[.='All trials']").send_keys(Keys.ENTER)
    check(selected_trials() == set(trials), f"{page}: all trials")
    focus("[data-handle='optimizer.learning_rate:0']")
    press(*[Keys.PAGE_UP] * 4)  # 5 of 40 steps each
    rate = keys.index("optimizer.learning_rate")
    fast = {t for t in trials if trials[t]["values"][rate] >= 10 ** -2.5}
    check(selected_trials() == fast, f"{page}: learning rates above 10^-2.5")
    value = browser.execute_script("return document.activeElement.getAttribute('aria-valuetext')")
    check(value == "0.003162", f"{page}: the handle says {value}")
    focus("[data-handle='data.batch_size:1']")
    press(Keys.ARROW_DOWN)
    size_at = keys.index("data.batch_size")
    both = {t for t in fast if trials[t]["values"][size_at] < 2}
    check(selected_trials() == both, f"{page}: and batches of 64 or 128")
    press(Keys.ESCAPE)
    check(selected_trials() == fast, f"{page}: Escape takes a brush away")

    # By mouse: the lower half of the widths.
    browser.find_element(By.XPATH, "//button[.='All trials']").click()
    axis = browser.find_element(By.CSS_SELECTOR, "[data-axis='model.width']")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", axis)
    height = axis.rect["height"]
    ActionChains(browser).move_to_element(axis).click_and_hold().move_by_offset(0, int(height * 0.49)).release().perform()
    width_at = keys.index("model.width")
    chosen = selected_trials()
    middle = 32 + 0.5 * (256 - 32)
    wide = {t for t in trials if trials[t]["values"][width_at] > middle + 2}
    narrow = {t for t in trials if 40 < trials[t]["values"][width_at] < middle - 2}
    check(narrow <= chosen and not wide & chosen, f"{page}: widths by mouse: {len(chosen)}, not {len(narrow)}")

    # The table sorts by any column, and shows the brushed alone where it is asked to.
    browser.find_element(By.XPATH, "//table[@id='trials']//button[.='model.width']").send_keys(Keys.ENTER)
    column = browser.execute_script("return Array.from(document.querySelectorAll('#trials tbody tr')).map(r => Number(r.cells[arguments[0]].textContent))", 6 + width_at)
    check(column == sorted(column), f"{page}: the table is not sorted by width")
    browser.find_element(By.ID, "only").send_keys(Keys.SPACE)
    hidden = browser.execute_script("return Array.from(document.querySelectorAll('#trials tbody tr')).filter(r => !r.hidden).map(r => Number(r.dataset.trial))")
    check(set(hidden) == chosen, f"{page}: only the brushed in the table")
    text = (work / page).read_text()
    check("</script><b>nan" not in text and "&lt;/script&gt;&lt;b&gt;nan" in text, f"{page}: markup in a reason")
    body = browser.find_element(By.TAG_NAME, "body").text
    check("optimizer.clip_norm = 1.0" in body, f"{page}: the constant is not named")
    check_quiet(page)
    if len(trials) < 100:  # more rows of the same table take long to judge
        check_accessible(page)
    load(page, 400, "dark")
    check_quiet(page)


def test_names():
    name = "a<b> & \"c\"'</script><script>alert(1)"
    (work / "one").rename(work / "held")
    (work / name.replace("/", "_")).mkdir()
    (work / "held").rename(work / name.replace("/", "_"))
    run("report", name.replace("/", "_"), "-o", "names.html")
    load("names.html")
    check(browser.find_element(By.TAG_NAME, "h1").text == name.replace("/", "_"), "names.html: the name is not shown")
    check_quiet("names.html")


def test_refusals():
    for arguments, status, words in (
            ([MADE_UP, "sweep8", "-o", "x.html"], 64, "one sweep or several runs"),
            (["nothing", "-o", "x.html"], 66, "no run"),
            ([MADE_UP, "-o", "digits.h5"], 64, "no earlier report"),
            ([MADE_UP, "-o", f"{MADE_UP}/metrics.jsonl"], 64, "belongs to the run")):
        said = run("report", *arguments, status=status).stderr
        check(words in said and said.count("\n") == 1, f"report {arguments}: {said}")
    check(not (work / "x.html").exists(), "a refused report was written")


subprocess.run(["rm", "-rf", work], check=True)
work.mkdir(parents=True)
run("import", "csv", digits, "--label", "label", "--shape", "8,8", "--test-fraction", "0.2", "-o", "digits.h5")
make_long_run()
make_sweep("sweep8", 8)
make_sweep("sweep2000", 2000)
browser = open_browser()
try:
    for test, *arguments in ((test_run,), (test_real_run_without_data,), (test_several,),
                             (test_sweep, "sweep8", 1_000_000), (test_sweep, "sweep2000", 4_000_000), (test_names,),
                             (test_refusals,)):
        began = time.monotonic()
        test(*arguments)
        print(f"{test.__name__} {' '.join(map(str, arguments))}: {time.monotonic() - began:.1f} s")
finally:
    browser.quit()
sys.exit(1 if faults else 0)
