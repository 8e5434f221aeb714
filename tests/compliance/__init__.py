"""Papers from the configuration."""
