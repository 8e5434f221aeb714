"""What deploy/ holds, checked by the tools that will read it."""
