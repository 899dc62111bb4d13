"""One run of the suite: options, target, tasks, and the client that checks every answer."""
