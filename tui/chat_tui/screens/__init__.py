"""What fills the terminal: one main screen, and dialogs over it that are imported when they are asked for."""
