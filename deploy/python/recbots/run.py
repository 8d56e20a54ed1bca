"""What a run has left in its directory (docs/formats.md)."""
import json
import pathlib

from . import _weights

_ADDRESSES = ".addresses"


class Run:
    """A run directory: of `recbots cluster`, `recbots train --run_dir`, or a learner. Reads files when it is asked, so that
    a run may be looked at while it goes on. FileNotFoundError names what is not there yet."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        if not self.directory.is_dir():
            raise FileNotFoundError(f"no run directory {str(directory)!r}")

    def __repr__(self):
        return f"recbots.Run({str(self.directory)!r})"

    def _path(self, name, why):
        path = self.directory / name
        if not path.is_file():
            raise FileNotFoundError(f"{path} is not there: {why}")
        return path

    @property
    def config_text(self):
        return self._path("config.textproto", "no run has begun in this directory").read_text()

    @property
    def config(self):
        """The configuration, a message ExperimentConfig. Settings that it leaves out have the defaults of config.proto."""
        from google.protobuf import text_format

        from ._messages import config_pb2
        return text_format.Parse(self.config_text, config_pb2.ExperimentConfig())

    @property
    def report(self):
        """How the run ended: report.json as a dictionary."""
        return json.loads(self._path("report.json", "the run has not ended").read_text())

    @property
    def evaluations(self):
        """The learning curve: a DataFrame where pandas is, otherwise a list of dictionaries."""
        return _table(self._lines("evaluations.jsonl"))

    def _lines(self, name):
        text = self._path(name, "nothing was evaluated yet").read_text()
        # The last line may be half written.
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines() if line]

    @property
    def metrics(self):
        """metrics.csv, a row for each status period, as evaluations."""
        import csv
        with self._path("metrics.csv", "no status period has ended yet").open(newline="") as file:
            rows = list(csv.DictReader(file))
        return _table([{name: float(value) if value else None for name, value in row.items()} for row in rows])

    @property
    def weights(self):
        """{name: float32 array} of weights.bin, whose checksum is verified."""
        path = self._weights_path()
        return _weights.decode(path.read_bytes(), str(path))

    def _weights_path(self):
        return self._path("weights.bin", "the run has not ended, or its networks were not finite")

    @property
    def identity(self):
        """What rows of the run mean, as it stands in weights.bin: bytes of an ExperimentIdentity."""
        path = self._weights_path()
        return _weights.identity(path.read_bytes(), str(path))

    def policy(self, **options):
        """The policy that the run has learnt: a recbots.Policy, which needs the extension."""
        from . import Policy
        return Policy(self.directory, **options)

    @property
    def logs(self):
        """{name: path} of the logs of the roles."""
        return {path.stem: path for path in sorted(self.directory.glob("**/*.log")) if "previous" not in path.parts}

    def address(self, role, what="grpc"):
        """Where a role of the run serves now, `what` being "grpc" or "http" (its pages)."""
        lines = self._path(role + _ADDRESSES, f"no {role} has written its addresses there").read_text().splitlines()
        addresses = dict(line.split(" ", 1) for line in lines if " " in line)
        if what not in addresses:
            raise LookupError(f"{self.directory / (role + _ADDRESSES)}: no line of {what}, there are: {', '.join(addresses)}")
        return addresses[what]


def _table(rows):
    try:
        import pandas
    except ImportError:
        return rows
    return pandas.DataFrame(rows)
