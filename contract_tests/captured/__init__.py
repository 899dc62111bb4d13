"""Answers that were captured somewhere, held to the schemas and to what a schema can't say."""

from contract_tests.captured.asked import FORMATS, METHODS, SOURCES, Asked
from contract_tests.captured.capture import MAX_BYTES, Capture, read_capture
from contract_tests.captured.judgement import Judgement, judge

__all__ = ["FORMATS", "MAX_BYTES", "METHODS", "SOURCES", "Asked", "Capture", "Judgement", "judge", "read_capture"]
