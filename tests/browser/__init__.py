"""Tests of the dashboard in a real browser.

A package, so that its fixtures end with the last test in it: while a browser is open here, no other test could run an
event loop.
"""
