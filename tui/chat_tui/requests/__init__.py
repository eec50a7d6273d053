"""What a script asks of a running session, the same in this process and through the control socket."""
