"""Bytes on the wire: one HTTP/1.1 request at a time, kept as evidence."""
