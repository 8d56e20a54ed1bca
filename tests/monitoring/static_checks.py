"""What can be said of deploy/monitoring without a run, one function for each promise. Each raises AssertionError with what it saw."""
import glob
import json
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MONITORING = os.path.join(ROOT, "deploy/monitoring")
BOARD = os.path.join(MONITORING, "grafana/boards/recbots.json")
RULES = sorted(glob.glob(os.path.join(MONITORING, "rules/*.yml")))
RULE_TESTS = sorted(glob.glob(os.path.join(ROOT, "tests/monitoring/*_test.yml")))


def want(condition, what):
    if not condition:
        raise AssertionError(what)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def promtool(*arguments, text=None):
    """Runs promtool, and fails with what it says."""
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, timeout=120, check=False)
    want(done.returncode == 0, f"promtool {' '.join(arguments)}: {done.stdout}{done.stderr}")


def rules_are_rules():
    promtool("check", "rules", *RULES)
    promtool("check", "config", os.path.join(MONITORING, "prometheus.yml"))


def alerts_fire_and_do_not_fire():
    promtool("test", "rules", *RULE_TESTS)


def every_alert_has_both_cases():
    alerts = set(re.findall(r"- alert: (\w+)", read(os.path.join(MONITORING, "rules/alerts.yml"))))
    want(len(alerts) >= 15, f"only {len(alerts)} alerts are found")
    fires, silent = set(), set()
    for path in RULE_TESTS:
        text = read(path)
        silent.update(re.findall(r"alertname: (\w+), eval_time: \w+, exp_alerts: \[\]", text))
        fires.update(re.findall(r"alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:\n +- exp_labels", text))
    want(fires == alerts, f"no case in which they fire: {alerts - fires}; no such alert: {fires - alerts}")
    want(silent == alerts, f"no case in which they do not fire: {alerts - silent}; no such alert: {silent - alerts}")


def every_alert_is_documented():
    alerts = re.findall(r"- alert: (\w+)", read(os.path.join(MONITORING, "rules/alerts.yml")))
    documented = re.findall(r"^\| `(Recbots\w+)` \|", read(os.path.join(ROOT, "docs/monitoring.md")), re.MULTILINE)
    want(sorted(alerts) == sorted(documented), f"docs/monitoring.md lists {documented}, there are {alerts}")


def metrics_exist():
    known = set(re.findall(r"^\| `(recbots_\w+)` \|", read(os.path.join(ROOT, "docs/metrics.md")), re.MULTILINE))
    recorded = set(re.findall(r"- record: (\S+)", read(os.path.join(MONITORING, "rules/recording.yml"))))
    for path in RULES + [BOARD] + RULE_TESTS:
        # "run:recbots_updates:rate1m" is one name, and it is that of a rule.
        names = set(re.findall(r"\b(?:run:)?recbots_\w+(?::\w+)?", read(path)))
        for name in sorted(names):
            plain = re.sub(r"_(bucket|sum|count)$", "", name)
            want(plain in known or name in recorded, f"{os.path.relpath(path, ROOT)}: {name} does not exist")


def secured_differs_by_security_alone():
    plain = [line for line in read(os.path.join(MONITORING, "prometheus.yml")).splitlines() if not line.strip().startswith("#")]
    secured = read(os.path.join(MONITORING, "prometheus-secured.yml")).splitlines()
    secured = [line for line in secured if not line.strip().startswith("#")]
    missing = [line for line in plain if line not in secured]
    want(not missing, f"prometheus-secured.yml lacks {missing}")
    added = {line.split(":")[0].strip() for line in secured if line not in plain}
    want(added == {"scheme", "authorization", "type", "credentials_file", "tls_config", "ca_file", "server_name"}, f"added: {added}")


def board_queries():
    """(panel, query) of every target of the board."""
    board = json.loads(read(BOARD))
    return [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel.get("targets", [])]


def board_is_whole():
    board = json.loads(read(BOARD))
    want(len(board_queries()) >= 35, f"only {len(board_queries())} queries are found")
    ids = [panel["id"] for panel in board["panels"]]
    want(len(set(ids)) == len(ids), "two panels have the same id")
    taken = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        want(place["x"] + place["w"] <= 24, f"'{panel['title']}' is wider than the board")
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        want(not cells & taken, f"'{panel['title']}' lies over another panel")
        taken |= cells
        want(panel["type"] == "row" or panel["datasource"]["uid"] == "${source}", f"'{panel['title']}' has another source")


def provisioning_names_what_there_is():
    compose = read(os.path.join(ROOT, "docker-compose.yml"))
    boards = re.search(r"path: (\S+?)\}", read(os.path.join(MONITORING, "grafana/provisioning/dashboards/recbots.yml"))).group(1)
    want(f"deploy/monitoring/grafana/boards:{boards}:ro" in compose, f"docker-compose.yml does not mount {boards}")
    url = re.search(r'url: "http://(\w+):(\d+)"', read(os.path.join(MONITORING, "grafana/provisioning/datasources/prometheus.yml")))
    want(re.search(rf"^  {url.group(1)}:$", compose, re.MULTILINE), f"docker-compose.yml has no service {url.group(1)}")
    want(f":{url.group(2)}" in compose, f"nobody listens at port {url.group(2)}")


CHECKS = (rules_are_rules, alerts_fire_and_do_not_fire, every_alert_has_both_cases, every_alert_is_documented, metrics_exist,
          secured_differs_by_security_alone, board_is_whole, provisioning_names_what_there_is)
