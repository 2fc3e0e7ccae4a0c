"""A child process with a log file and a defined end."""

import os
import pathlib
import signal
import subprocess


class ProcessDied(AssertionError):
    """A process exited that should have been running."""


class Process:
    """Runs `command` until `stop()`. Its output goes to `<log_directory>/<name>.log`. `environment` is
    added to the parent's.

    The child is its own session, so a Ctrl-C in the terminal reaches only the parent, which then stops its children in
    order. Should the parent be killed outright, the kernel kills the child with it.
    """

    def __init__(self, name, command, log_directory, environment=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.log_path = pathlib.Path(log_directory) / f"{name}.log"
        self._may_exit = False
        with open(self.log_path, "ab") as log:
            self._child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )

    @property
    def pid(self):
        return self._child.pid

    @property
    def running(self):
        return self._child.poll() is None

    @property
    def exit_code(self):
        """None while running; negative signal number after death by a signal."""
        return self._child.poll()

    def check(self):
        """Raises ProcessDied, with the end of the log, if the process exited on its own."""
        if not self.running and not self._may_exit:
            raise ProcessDied(f"{self.name} exited with {self.exit_code}:\n{self.log_tail()}")

    def terminate(self):
        """Asks the process to end (SIGTERM) and returns at once."""
        self._may_exit = True
        if self.running:
            self._child.send_signal(signal.SIGTERM)

    def kill(self):
        """Ends the process at once (SIGKILL), as a crash of the machine would."""
        self._may_exit = True
        if self.running:
            self._child.kill()
        self._child.wait()

    def wait(self, timeout):
        """Waits for the end and returns the exit code; raises subprocess.TimeoutExpired."""
        self._may_exit = True
        return self._child.wait(timeout)

    def stop(self, timeout=5.0):
        """Ends the process, politely first, and returns its exit code."""
        self.terminate()
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            return self._child.returncode

    def log_tail(self, lines=40):
        try:
            text = self.log_path.read_text(errors="replace")
        except OSError as error:
            return f"(no log: {error})"
        return "\n".join(text.splitlines()[-lines:])
