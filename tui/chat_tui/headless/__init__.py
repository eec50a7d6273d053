"""The commands that need no screen, each on the same engine and store as the app."""
