"""The mutants, a file for each part of the API: each row has its name and edits, under the clause that it breaks."""
