"""Tests of the live socket, on a real server."""
