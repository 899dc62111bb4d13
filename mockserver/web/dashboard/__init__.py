"""The dashboard: pages for people, which show the mock at work and control it through the control API."""
