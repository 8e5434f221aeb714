"""Invigil: self-hosted live proctoring."""

from importlib.metadata import version

__version__ = version("invigil")
