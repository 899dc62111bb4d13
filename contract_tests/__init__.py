"""The contract suite: holds any URL to what the phone-lookup API of i-find.pro promises, over HTTP alone."""
