"""Tests of the database, the evidence store and retention."""
