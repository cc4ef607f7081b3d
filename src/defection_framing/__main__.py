"""Run the console command as `python -m defection_framing`."""

from .cli import app

app(prog_name="defection-framing")
