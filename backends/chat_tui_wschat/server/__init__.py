"""The wschat server: rules without I/O, storage, and the shell that carries them (wschat 3)."""
