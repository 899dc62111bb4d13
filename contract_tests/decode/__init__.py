"""Bytes in JSON, XML and CSV into one model, with the choices that the layout shows."""
