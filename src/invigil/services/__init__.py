"""Use cases without frames. Each takes who asks, checks it, and works in one transaction."""
