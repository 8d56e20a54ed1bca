"""What is looked at in the learner's page, one function for each promise. Each raises AssertionError with what it saw."""
import json
import os
import signal
import time
import urllib.request

LAST_X = "(document.querySelector('#learning .line')?.getAttribute('d') ?? '').split('L').length"
STATE = "document.getElementById('state')?.textContent"
BUSY = "document.getElementById('learning').getAttribute('aria-busy') === 'true'"
WIDTHS = (1440, 390)
# Bounds for machines that do other work as well: what is promised is printed, and looked at where the machine is quiet.
PATIENCE = 120


def want(condition, what):
    if not condition:
        raise AssertionError(what)


def get(base, path):
    with urllib.request.urlopen(base + path, timeout=10) as answer:
        return json.load(answer)


def page_comes(browser, base):
    browser.open(base + "/")
    want(browser.wait(f"{STATE} === 'live'", PATIENCE), f"the page is not live: {browser.look('document.body?.innerText')}")
    want(browser.wait("document.querySelectorAll('#roles tr').length >= 4", PATIENCE), "the roles are not listed")
    want(browser.wait("document.title.endsWith('– recbots')", PATIENCE), "the title does not name the experiment")


def curves_move(browser):
    want(browser.wait("document.querySelector('#learning .line') !== null", PATIENCE), "no evaluation is shown")
    before, clock = browser.look(LAST_X), browser.look("document.getElementById('clocks').textContent")
    want(browser.wait(f"{LAST_X} > {before} + 2", PATIENCE), f"the curve does not grow beyond {before} points")
    want(browser.look("document.getElementById('clocks').textContent") != clock, "the clocks stand still")
    lines = browser.look("[...document.querySelectorAll('#plots figure')].filter(one => one.querySelector('.line')).length")
    want(lines >= 8, f"only {lines} plots have lines")
    references = browser.look("document.querySelectorAll('#learning .reference').length")
    want(references >= 2, f"only {references} references")
    for card in ("learns", "good", "limit", "broken"):
        text = browser.look(f"document.querySelector('#{card} .answer').textContent")
        want(text not in ("", "–"), f"#{card} says nothing")


def axes_change(browser):
    for axis in ("updates", "seconds", "env_steps"):
        browser.look(f"(() => {{ const a = document.getElementById('axis'); a.value = '{axis}';"
                     "a.dispatchEvent(new Event('change')); })()")
        want(browser.wait(f"!({BUSY}) && document.querySelector('#learning .line') !== null", PATIENCE), f"no curve over {axis}")


def pause_holds(browser):
    want(browser.wait(f"!({BUSY})", PATIENCE), "the curve stays busy")
    browser.look("document.getElementById('pause').click()")
    try:
        want(browser.look(STATE) == "paused", "the page does not say that it is paused")
        before = browser.look("document.getElementById('learning').innerHTML")
        time.sleep(2.5)
        want(browser.look("document.getElementById('learning').innerHTML") == before, "the curve moves although it is paused")
    finally:  # What comes after this step looks at a page that goes on.
        browser.look("document.getElementById('pause').click()")
    want(browser.wait(f"{STATE} === 'live'", PATIENCE), "the page does not go on")


def hover_and_zoom(browser):
    browser.look("scrollTo(0, 0)")
    box = browser.look("(() => { const b = document.querySelector('#learning .plot').getBoundingClientRect();"
                       "return [b.left, b.top, b.width, b.height]; })()")
    at = [box[0] + box[2] * 0.5, box[1] + box[3] * 0.5]
    browser.mouse("mouseMoved", *at)
    want(browser.wait("!document.querySelector('#learning .tip').hidden", PATIENCE), "no values where the mouse is")
    browser.mouse("mousePressed", *at, button="left", buttons=1, clickCount=1)
    browser.mouse("mouseMoved", box[0] + box[2] * 0.8, at[1], button="left", buttons=1)
    browser.mouse("mouseReleased", box[0] + box[2] * 0.8, at[1], button="left", clickCount=1)
    want(browser.wait("!document.getElementById('zoom-out').disabled", PATIENCE), "dragging does not zoom")
    want(browser.wait("document.querySelector('#learning .line') !== null", PATIENCE), "nothing is shown of a part")
    browser.look("document.getElementById('zoom-out').click()")
    want(browser.look("document.getElementById('zoom-out').disabled"), "all is not shown again")
    browser.mouse("mouseMoved", 1, 1)


def keyboard_reads(browser):
    browser.look("document.querySelector('#learning .plot').focus()")
    browser.press("ArrowLeft")
    want(browser.wait("document.querySelector('#learning [aria-live]').textContent.includes('value')", PATIENCE),
         "an arrow key does not say a value")
    browser.press("+")
    want(browser.wait("!document.getElementById('zoom-out').disabled", PATIENCE), "+ does not zoom")
    browser.press("0")
    want(browser.wait("document.getElementById('zoom-out').disabled", PATIENCE), "0 does not show all")
    browser.look("document.querySelector('#learning .head button').click()")
    rows = browser.look("document.querySelectorAll('#learning tbody tr').length")
    want(rows >= 2, f"the table has {rows} rows")
    browser.look("document.querySelector('#learning .head button').click()")
    browser.look("document.activeElement.blur()")


def topics_are_shown(browser):
    """Slates: a row for each topic, with what the policy and the best known one show."""
    want(browser.wait("document.querySelectorAll('#topics tbody tr').length >= 2", PATIENCE), "no topics")
    heads = "[...document.querySelectorAll('#topics thead th')].map(one => one.textContent)"
    want(browser.wait(f"{heads}.length >= 5", PATIENCE), f"topics lack columns: {browser.look(heads)}")
    shares = browser.look("[...document.querySelectorAll('#topics tbody tr')].map(row => parseFloat(row.children[1].textContent))")
    want(abs(sum(shares) - 100) < 0.06 * len(shares), f"what is shown adds up to {sum(shares)} %")


def map_becomes_the_optimum(browser):
    """Browsing: the heat map shows what the optimal policy does, from some moment on; returns the share of W's argmax then."""
    now = "document.querySelector('[data-map=\"Recommended now\"]')"
    want(browser.wait(f"{now} !== null", PATIENCE), "no heat map")
    same = f"JSON.parse({now}.dataset.same || '{{}}').optimal"
    want(browser.wait(f"{same} === 1", 4 * PATIENCE), f"the map is optimal in {browser.look(same)} of the states only")
    cells = ("(title => { const c = document.querySelector(`[data-map=\"${title}\"] canvas`);"
             "return c.toDataURL(); })")
    want(browser.look(f"{cells}('Recommended now') === {cells}('optimal')"), "the pictures of the policy and of the optimum differ")
    want(browser.look(f"{cells}('Recommended now') !== {cells}('Expected reward')"), "nothing is marked in the map")
    want(browser.look("document.querySelectorAll('#points .item').length") == 10, "not every item has a point")
    want(browser.look("document.querySelectorAll('#points .actor').length") == 10, "not every state has a point")
    return browser.look(f"Number({now}.dataset.best)")


def lags_and_tables_are_shown(browser):
    bars = "[...document.querySelectorAll('.histogram')].map(one => one.querySelectorAll('.bar').length)"
    want(browser.wait(f"{bars}.length === 2 && {bars}.every(count => count > 0)", PATIENCE), f"bars: {browser.look(bars)}")
    row = "document.querySelector('#tables tr')?.innerText ?? ''"
    want(browser.wait(f"({row}).includes('rows')", PATIENCE), f"the table of replay says '{browser.look(row)}'")


def controls_work(browser, base):
    """Pause, continue, and a question before the end; `end` itself is the last step of all."""
    said = "document.getElementById('control-said').textContent"
    browser.look("document.getElementById('pause-run').click()")
    want(browser.wait("document.getElementById('pause-run').textContent === 'Continue the run'", PATIENCE), "the button does not change")
    want(browser.wait("document.querySelector('#limit .answer').textContent === 'A pause by hand'", PATIENCE), "the pause is not said")
    updates = get(base, "/api/v1/status")["updates"]
    evaluations = get(base, "/api/v1/status")["evaluations"]
    browser.look("document.getElementById('evaluate-now').click()")
    want(browser.wait(f"{said}.includes('evaluated')", PATIENCE), f"said: {browser.look(said)}")
    deadline = time.monotonic() + PATIENCE
    while get(base, "/api/v1/status")["evaluations"] == evaluations and time.monotonic() < deadline:
        time.sleep(0.2)
    status = get(base, "/api/v1/status")
    want(status["evaluations"] > evaluations, "nothing was evaluated")
    want(status["updates"] == updates, "updates were made although the run is paused")
    browser.look("document.getElementById('checkpoint-now').click()")
    want(browser.wait(f"{said}.includes('checkpoint')", PATIENCE), f"said: {browser.look(said)}")
    browser.look("document.getElementById('pause-run').click()")
    want(browser.wait("document.getElementById('pause-run').textContent === 'Pause the run'", PATIENCE), "the run does not go on")
    browser.look("document.getElementById('end-run').click()")
    want(browser.look("!document.getElementById('end-sure').hidden && document.activeElement.id === 'end-no'"), "it does not ask back")
    browser.press("Escape")
    want(browser.look("document.getElementById('end-sure').hidden"), "Escape does not take the question back")
    want(not get(base, "/api/v1/status")["goal"]["reached"], "the run has ended")


def ends_the_run(browser, cluster):
    browser.look("document.getElementById('end-run').click()")
    browser.look("document.getElementById('end-yes').click()")
    want(browser.wait("document.getElementById('control-said').textContent.includes('The run ends')", PATIENCE), "the end is not said")
    want(cluster.process.wait(120) == 0, "the run has reached its goal, and does not end with 0")
    with open(os.path.join(cluster.run_dir, "report.json"), encoding="utf-8") as report:
        want(json.load(report)["goal_reached"], "the report does not say that the goal was reached")


def curve_goes_on(browser, base):
    """After a restart the curves begin where the run began, not the process."""
    first = get(base, "/api/v1/series?names=value&x=updates")["series"]["value"]["x"]
    want(first and first[0] < get(base, "/api/v1/status")["updates"] / 4, f"the curve begins at update {first[:1]}")


def names_and_contrast(browser):
    """Every control has a name, and every text has the contrast that WCAG AA asks for, in both themes."""
    with open(os.path.join(os.path.dirname(__file__), "accessible.js"), encoding="utf-8") as file:
        script = file.read()
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        want(browser.wait(f"document.documentElement.dataset.theme === '{scheme}'", PATIENCE), f"the theme does not become {scheme}")
        time.sleep(0.4)
        faults = browser.look(script)
        want(not faults, f"{scheme}: {faults}")


def pictures(browser, folder, name):
    browser.look("scrollTo(0, 0)")
    for width in WIDTHS:
        browser.size(width, 900)
        for scheme in ("light", "dark"):
            browser.prefer(scheme)
            time.sleep(1.2)
            wide = browser.look("document.documentElement.scrollWidth")
            want(wide <= width, f"the page is {wide} pixels wide on a screen of {width}")
            browser.picture(os.path.join(folder, f"{name}-{width}-{scheme}.png"))
            if (width, scheme) == (WIDTHS[0], "light"):  # What fits a screen: for the README.
                browser.picture(os.path.join(folder, f"{name}.png"), whole=False)
    browser.size(WIDTHS[0], 900)
    browser.prefer("light")


def killed_actor_is_lost(browser, base):
    """Returns after how many seconds the page shows it: at most 10 where the machine is quiet."""
    roles = get(base, "/api/v1/roles")["roles"]
    actor = next(role for role in roles if role["role"] == "actor" and role["state"] == "joined")
    os.kill(actor["pid"], signal.SIGKILL)
    killed = time.monotonic()
    shown = f"[...document.querySelectorAll('#roles tr')].some(row => row.dataset.state === 'lost' && row.innerText.includes('/{actor['pid']}'))"
    want(browser.wait(shown, PATIENCE), f"actor {actor['pid']} does not show as lost within {PATIENCE} s")
    took = time.monotonic() - killed
    want(browser.wait("document.querySelector('#broken .answer').textContent === 'Yes'", PATIENCE), "the page does not say that a role was lost")
    joined = "[...document.querySelectorAll('#roles tr')].filter(row => row.dataset.role === 'actor' && row.dataset.state === 'joined').length"
    want(browser.wait(f"{joined} >= 2", PATIENCE), "the actor that was started again does not show")
    return took


def killed_learner_comes_back(browser, base):
    old = get(base, "/api/v1/status")["incarnation"]
    learner = next(role for role in get(base, "/api/v1/roles")["roles"] if role["role"] == "learner")
    os.kill(learner["pid"], signal.SIGSTOP)  # It neither answers nor ends: the page must find out by itself.
    try:
        want(browser.wait(f"{STATE} === 'stale' && !document.getElementById('banner').hidden", PATIENCE), "the page does not say that it is stale")
    finally:
        os.kill(learner["pid"], signal.SIGKILL)
    want(browser.wait(f"{STATE} === 'live'", PATIENCE), "the page does not find the learner that is back")
    want(get(base, "/api/v1/status")["incarnation"] != old, "the learner was not started again")
    want(browser.wait("document.querySelector('#learning .line') !== null", PATIENCE), "no curve after the restart")


def asks_only(browser, base):
    others = [url for url in browser.requests if not url.startswith((base + "/", "data:", "about:"))]
    want(not others, f"requests to others: {others}")
