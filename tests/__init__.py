"""Tests of the whole house. `support` holds what they share."""
