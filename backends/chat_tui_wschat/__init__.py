"""The wschat-ie/1 backend: a chat client and a server over WebSocket."""
