"""Simulated candidates, so that somebody with no webcam sees the console live."""
