"""What every chat-tui backend and the app share: values, tables, contract, store and engine."""
