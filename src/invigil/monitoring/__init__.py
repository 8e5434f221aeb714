"""One frame through vision, rules, storage and feed. The only room that strings them together."""
