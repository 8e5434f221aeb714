"""Tests of frames and silence in virtual time."""
