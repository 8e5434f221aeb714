"""The HTTP and WebSocket edge: thin, typed, and the only room that knows statuses."""
