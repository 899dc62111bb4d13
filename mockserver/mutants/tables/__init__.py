"""The mutants, a file for each part of the API: a row names the clause that it breaks and its edits.

Edits leave alone what the promise is not about.
"""
