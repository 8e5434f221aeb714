"""`python -m invigil` is the command line."""

from invigil.cli import app

app()
