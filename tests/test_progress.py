"""Progress: what was done is shown as it is called."""

import io
import sys

import pytest

from forecast.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("kind", [Terminal, io.StringIO])
def test_names_with_brackets_are_shown_as_they_are(kind: type[io.StringIO], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", kind())
    monkeypatch.setenv("COLUMNS", "200")
    with progress("compare") as report:
        report(1, 2, "brand=[/x], fold 1")
    assert "brand=[/x], fold 1" in sys.stderr.getvalue()  # type: ignore[attr-defined]
