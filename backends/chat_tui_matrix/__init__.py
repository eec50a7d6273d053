"""The Matrix backend: the client-server API over HTTP, as sync loop, sliding sync or legacy event stream."""
