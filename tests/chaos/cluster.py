"""The roles as processes of one machine, started and supervised by `recbots cluster`."""

import signal
import subprocess

import watched


# Everything as fast as it goes, without an end.
FULL_RATE = watched.ENDLESS + ["goal.max_seconds=0"]


class Cluster(watched.Watched):
    def __init__(self, options):
        super().__init__(options)
        self.process = None

    def start(self, endless=True, settings=None):
        """With `settings` the run has these, and none of the chaos."""
        self.clock.write_text("0")
        flags = self.set_flags(endless) if settings is None else watched.flags_of(settings)
        command = [self.programs / "recbots", "cluster", self.config, f"--run_dir={self.run_dir}", "--actors=3",
                   "--replay_shards=2"] + flags
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env=self.environment(), start_new_session=True)
        self.listen_to(self.process.stdout)

    def exit_code(self):
        """Of the run; None while it goes on."""
        return self.process.poll()

    def wait(self, seconds):
        """The exit code of the run; subprocess.TimeoutExpired if it does not end."""
        return self.process.wait(seconds)

    def kill(self):
        """Ends everything at once, as a machine that goes down."""
        self.kill_processes()
        if self.process is not None:
            self.process.wait()

    def end(self, seconds):
        """Ends the run in order; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def close(self):
        self.kill()
