"""Speed on this machine: `invigil bench`."""
