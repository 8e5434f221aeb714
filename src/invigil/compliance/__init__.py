"""Papers that a data protection officer asks for, filled from the running configuration."""
