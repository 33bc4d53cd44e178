"""run_alone: a script in a process of its own, which a crash would end."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent


def run_alone(script: str, said: str) -> None:
    """The process must end well and say so."""
    done = subprocess.run([sys.executable, "-c", dedent(script)], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, said), done.stderr[-2000:]
