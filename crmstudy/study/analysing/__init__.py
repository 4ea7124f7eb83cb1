"""How each kind of analysis is done: from a task to its result."""
