"""The client as lines of text: no boxes, no colours, no escape sequences; for screen readers, logs and pipes."""
