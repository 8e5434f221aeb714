"""Evidence of a session as one signed file that anybody can check without this server."""
