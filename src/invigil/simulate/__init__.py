"""The rehearsal before the exam day: simulated candidates against a server that runs."""
