"""The page of `shoal serve` in a headless Chromium: the list, a run that grows, a nudge and a stop by keyboard alone; no
serious fault of accessibility, by axe-core.

    page_test.py SHOAL FOLDER AXE.js
"""
import json
import os
import shutil
import subprocess
import sys

from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from server import Server, wait_for

shoal, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
with open(sys.argv[3]) as file:
    axe = file.read()
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)
MARKUP = '<img src=x onerror="alert(1)">\'&amp;'


def browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def quiet(driver, but=()):
    """No error in the console, and no request to anywhere else."""
    said = [line for line in driver.get_log("browser") if not any(word in line["message"] for word in but)]
    assert said == [], said
    origin = driver.execute_script("return location.origin")
    asked = driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert asked and all(name.startswith((origin + "/", "data:")) for name in asked), asked


def text(driver, element):
    return driver.execute_script("const e = document.getElementById(arguments[0]); return e ? e.textContent : ''", element)


def tab_to(driver, condition, backwards=False):
    """As somebody without a mouse: the element that has the focus then."""
    for _ in range(200):
        keys = ActionChains(driver)
        (keys.key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT) if backwards else keys.send_keys(Keys.TAB)).perform()
        focused = driver.switch_to.active_element
        if condition(focused):
            return focused
    raise AssertionError("not to be reached by Tab")


def press(driver, *keys):
    ActionChains(driver).send_keys(*keys).perform()


def points(driver):
    """How far the first chart's curve goes: the length of what is drawn."""
    return driver.execute_script("return Array.from(document.querySelectorAll('#charts path.curve')).map(p => p.getAttribute('d')).join()")


def accessible(driver, what):
    driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})  # the page's own policy lets no other script in
    found = driver.execute_async_script("axe.run().then(arguments[0])")
    serious = [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found["violations"] if fault["impact"] in ("serious", "critical")]
    assert serious == [], (what, serious)


def fits(driver):
    return driver.execute_script("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")


subprocess.run([shoal, *"synth spirals --samples 600 --features 4 --classes 3 --seed 1 --validation-fraction 0.2 -o data.h5".split()],
               check=True, stdout=subprocess.DEVNULL)
subprocess.run([shoal, "train", "--set", "data.file=data.h5", "--set", "train.epochs=3", "--run", f"runs/{MARKUP}"], check=True,
               stderr=subprocess.DEVNULL)
with open("sweep.toml", "w") as file:
    file.write('[data]\nfile = "data.h5"\n[train]\nepochs = 2\n[sweep]\ntrials = 8\n[sweep.space]\n'
               '"optimizer.learning_rate" = {scale = "log", min = 1e-4, max = 1e-1}\n'
               '"model.width" = {scale = "linear", min = 8, max = 32, integer = true}\n"model.depth" = {choices = [1, 2]}\n')
subprocess.run([shoal, "sweep", "sweep.toml", "--run", "runs/a-sweep"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

trainer = subprocess.Popen([shoal, "train", "--set", "data.file=data.h5", "--set", "train.epochs=1000000", "--set",
                            "checkpoint.every_epochs=100", "--set", "train.log_every=50", "--run", "runs/live"], stderr=subprocess.DEVNULL)
driver = browser()
try:
    with Server(shoal, "runs") as server:
        wait_for(lambda: os.path.exists("runs/live/metrics.jsonl"), "run")
        driver.get(server.link)
        wait_for(lambda: len(driver.find_elements(By.CSS_SELECTOR, "#rows tr")) == 3, "list of 3")
        names = {link.text: link for link in driver.find_elements(By.CSS_SELECTOR, "#rows a")}
        assert set(names) == {MARKUP, "a-sweep", "live"}, names
        assert driver.find_elements(By.CSS_SELECTOR, "#rows img") == [], "a name is a text"
        rows = text(driver, "rows")
        assert "epoch 3 of 3" in rows and "8 of 8 trainings" in rows and "under way" in rows, rows

        # The list by keyboard: find, open.
        tab_to(driver, lambda e: e.get_attribute("id") == "find")
        press(driver, "live")
        wait_for(lambda: len(driver.find_elements(By.CSS_SELECTOR, "#rows tr")) == 1, "one that is called so")
        tab_to(driver, lambda e: e.tag_name == "a" and e.text == "live")
        press(driver, Keys.ENTER)
        wait_for(lambda: text(driver, "title") == "live" and points(driver), "charts")
        before, drawn = text(driver, "state"), points(driver)
        wait_for(lambda: text(driver, "state") != before and points(driver) != drawn, "curve that grows")
        quiet(driver)

        # A nudge: the slider by keys, what it says in the field, the answer of the run.
        slider = tab_to(driver, lambda e: e.get_attribute("type") == "range" and "learning_rate" in e.get_attribute("aria-label"))
        press(driver, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
        field = tab_to(driver, lambda e: e.get_attribute("id") == "key-optimizer.learning_rate")
        value = float(field.get_attribute("value"))
        assert value == 0.000794, value  # 2 / 20 of a power of ten below 0.001
        press(driver, Keys.ENTER)
        wait_for(lambda: "from step" in text(driver, "answer"), "answer")
        assert text(driver, "answer").startswith(f"optimizer.learning_rate = {value} from step "), text(driver, "answer")
        nudge = json.loads(open("runs/live/nudges.jsonl").readline())
        assert nudge["key"] == "optimizer.learning_rate" and nudge["value"] == value, nudge
        press(driver, Keys.CONTROL + "a", Keys.NULL, "-1", Keys.ENTER)
        wait_for(lambda: "use a number" in text(driver, "answer"), "refusal")
        tab_to(driver, lambda e: e.text == "Undo")
        press(driver, Keys.ENTER)
        wait_for(lambda: driver.find_element(By.ID, "key-optimizer.learning_rate").get_attribute("value") == str(value), "undone")
        wait_for(lambda: "learning_rate" in driver.find_element(By.ID, "charts").text, "mark of the nudge")

        # Width of a telephone, dark.
        for width, scheme in ((400, "dark"), (1280, "light")):
            driver.set_window_size(width, 900)
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            wait_for(lambda: fits(driver), f"page of {width} pixels without a bar to scroll it by")
            accessible(driver, f"run, {scheme}")
            driver.save_screenshot(f"run-{width}-{scheme}.png")

        # Pause, and go on, by one button.
        tab_to(driver, lambda e: e.get_attribute("id") == "pause")
        assert text(driver, "pause") == "Pause this run"
        press(driver, Keys.ENTER)
        wait_for(lambda: text(driver, "stopped").startswith("paused after step "), "pause")
        wait_for(lambda: text(driver, "state").startswith("paused") and text(driver, "pause") == "Let it go on", "pause that shows")
        driver.save_screenshot("paused.png")
        press(driver, Keys.ENTER)
        wait_for(lambda: text(driver, "stopped").startswith("goes on after step "), "the end of the pause")
        wait_for(lambda: text(driver, "state").startswith("under way") and text(driver, "pause") == "Pause this run", "it goes on")

        tab_to(driver, lambda e: e.get_attribute("id") == "stop")
        press(driver, Keys.ENTER)
        assert driver.switch_to.active_element.get_attribute("id") == "no", "first asked whether"
        tab_to(driver, lambda e: e.get_attribute("id") == "yes", backwards=True)
        press(driver, Keys.ENTER)
        wait_for(lambda: "ended" in text(driver, "state"), "end")
        assert trainer.wait(30) == 75
        assert not driver.find_element(By.ID, "controls").is_displayed(), "nothing to nudge any more"
        quiet(driver, but=("status of 400",))  # the refusal, which Chromium notes

        tab_to(driver, lambda e: e.get_attribute("id") == "back", backwards=True)
        press(driver, Keys.ENTER)
        wait_for(lambda: driver.find_element(By.ID, "list").is_displayed(), "list again")
        driver.find_element(By.ID, "find").send_keys(Keys.CONTROL + "a", Keys.NULL, Keys.BACKSPACE)
        for name, word in (("a-sweep", "trainings"), (MARKUP, "epoch 3 of 3")):
            wait_for(lambda: [a for a in driver.find_elements(By.CSS_SELECTOR, "#rows a") if a.text == name], name)[0].click()
            wait_for(lambda: word in text(driver, "state") and driver.find_elements(By.CSS_SELECTOR, "#charts svg"), f"charts of {name}")
            wait_for(lambda: fits(driver), "no bar")
            assert text(driver, "trouble") == "", text(driver, "trouble")
            driver.save_screenshot(f"{'sweep' if name == 'a-sweep' else 'markup'}.png")
            driver.back()
            wait_for(lambda: driver.find_element(By.ID, "list").is_displayed(), "list again")
        accessible(driver, "list")
        driver.save_screenshot("list.png")
        assert driver.find_elements(By.CSS_SELECTOR, "img") == []
        quiet(driver)

        driver.get(server.link[:-32] + "0" * 32)
        driver.refresh()
        wait_for(lambda: "needs the token" in text(driver, "trouble"), "refusal of another token")
        driver.get(server.link)
        driver.refresh()
        wait_for(lambda: len(driver.find_elements(By.CSS_SELECTOR, "#rows tr")) == 3 and text(driver, "trouble") == "", "list")
        assert server.end()[0] == 0
        wait_for(lambda: "does not answer" in text(driver, "trouble"), "word of the end")
finally:
    driver.quit()
    trainer.kill()
    trainer.wait()
print("ok")
