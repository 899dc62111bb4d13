"""Bytes on the socket: one HTTP/1.1 request at a time, the answer kept as evidence."""
