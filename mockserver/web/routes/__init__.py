"""The resources of the control API: a module each, whose table `ROUTES` has a row for each HTTP method of each path."""
