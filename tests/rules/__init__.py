"""The rules, in virtual time."""
