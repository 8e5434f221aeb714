"""Recent observations + policy + now to incident changes. Pure; one file per rule."""
