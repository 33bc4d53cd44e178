"""Property tests try the same examples in every run, so that a change is what fails a run, not luck.

`pytest --hypothesis-profile=default` tries others.
"""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
