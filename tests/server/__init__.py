"""Tests of the process: settings, command line, restart, kill."""
