"""A real run, read by a real Prometheus. Each function raises AssertionError with what it saw."""
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import static_checks
from static_checks import MONITORING, ROOT, want

# A bound for machines that do other work as well.
PATIENCE = 180


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def await_that(look, what, patience=PATIENCE):
    """What `look` returns, once that is true; nobody there yet is no answer."""
    deadline = time.monotonic() + patience
    seen = None
    while time.monotonic() < deadline:
        try:
            seen = look()
            if seen:
                return seen
        except OSError as fault:
            seen = fault
        time.sleep(0.2)
    raise AssertionError(f"{what() if callable(what) else what} (the last look: {seen})")


class Process:
    """A program whose output goes to a file, ended by a signal."""

    def __init__(self, log, *command):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=os.path.dirname(log))

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.log}: it does not end") from None


class Prometheus(Process):
    """deploy/monitoring/run, as people start it."""

    def __init__(self, folder, learner, *flags):
        self.base = f"http://127.0.0.1:{free_port()}"
        super().__init__(os.path.join(folder, "prometheus.log"), os.path.join(MONITORING, "run"), learner, f"--data={folder}/data",
                         "--interval=1", f"--listen={self.base[len('http://'):]}", *flags)

    def api(self, path, **parameters):
        answer = json.loads(get(f"{self.base}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))
        want(answer["status"] == "success", answer)
        return answer["data"]

    def query(self, expression):
        return self.api("query", query=expression)["result"]

    def services(self):
        """How many processes of each role answer."""
        counts = {}
        for series in self.query('up{job="recbots"} == 1'):
            counts[series["metric"]["service"]] = counts.get(series["metric"]["service"], 0) + 1
        return counts


class Cluster(Process):
    """`recbots cluster` with two actors, which goes on until it is told to end."""

    def __init__(self, programs, folder, config):
        self.run_dir = os.path.join(folder, "run")
        super().__init__(os.path.join(folder, "cluster.log"), os.path.join(programs, "recbots"), "cluster",
                         os.path.join(ROOT, "deploy/config", config), "--actors=2", "--keep", f"--run_dir={self.run_dir}",
                         "--set", "learner.status_seconds=0.5", "--set", "evaluator.episodes=200")

    def address(self):
        found = await_that(lambda: re.search(r"; dashboard http://(\S+)/$", self.output(), re.MULTILINE), "no link to the dashboard")
        return found.group(1)


def roles_of(learner):
    return json.loads(get(f"http://{learner}/api/roles"))["roles"]


def all_roles_appear(prometheus, _):
    wanted = {"replay": 1, "learner": 1, "actor": 2, "evaluator": 1}
    await_that(lambda: prometheus.services() == wanted, lambda: f"processes that answer: {prometheus.services()}, want {wanted}")
    runs = {series["metric"]["run"] for series in prometheus.query("up")}
    want(runs == {"run"}, f"the label run is {runs}, want the name of the run directory")


def promtool_accepts_every_page(_, learner):
    seen = set()
    for role in roles_of(learner):
        static_checks.promtool("check", "metrics", text=get(f"{role['pages']}/metrics"))
        seen.add(role["role"])
    want(seen == {"replay", "learner", "actor", "evaluator"}, f"only {seen} were asked")


def filled_in(expression):
    return expression.replace("$__rate_interval", "30s").replace("$run", ".*")


def board_queries_have_answers(prometheus, _):
    waiting = dict.fromkeys(static_checks.board_queries())

    def look():
        for panel, expression in list(waiting):
            if prometheus.query(filled_in(expression)):
                del waiting[panel, expression]
        return not waiting

    await_that(look, lambda: f"no answer to {list(waiting)}")


def rules_work(prometheus, _):
    rules = [rule for group in prometheus.api("rules")["groups"] for rule in group["rules"]]
    want(len(rules) >= 25, f"only {len(rules)} rules")
    for rule in rules:
        want(rule["health"] == "ok", f"{rule['name']}: {rule.get('lastError', rule['health'])}")
    waiting = {rule["name"] for rule in rules if rule["type"] == "recording"}

    def look():
        waiting.difference_update([name for name in waiting if prometheus.query(name)])
        return not waiting

    await_that(look, lambda: f"nothing is recorded for {waiting}")
    # A short run that goes well is no reason to call anybody, even if this machine's disk is almost full.
    firing = {series["metric"]["alertname"] for series in prometheus.query('ALERTS{alertstate="firing"}')}
    want(not firing - {"RecbotsDiskAlmostFull", "RecbotsDiskFillsUp"}, f"alerts fire: {firing}")


def a_stopped_actor_is_lost(prometheus, learner):
    actor = next(role["pid"] for role in roles_of(learner) if role["role"] == "actor" and role["state"] == "joined")
    os.kill(actor, signal.SIGSTOP)
    try:
        await_that(lambda: prometheus.query('ALERTS{alertname="RecbotsRoleLost", alertstate="firing", role="actor"}'),
                   "the alert RecbotsRoleLost does not fire")
    finally:
        os.kill(actor, signal.SIGCONT)
    await_that(lambda: not prometheus.query('ALERTS{alertname="RecbotsRoleLost"}'), "the alert RecbotsRoleLost stays")
    await_that(lambda: prometheus.services().get("actor") == 2, "the actor is not read again")


STEPS = (all_roles_appear, promtool_accepts_every_page, board_queries_have_answers, rules_work, a_stopped_actor_is_lost)
