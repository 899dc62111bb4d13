"""What must not leave: credentials, phones and values of answers.

The threat model. The kit prints types and sizes of what a target answers, so a value can reach a report only through an
error of ours or through a name. Therefore texts are masked on the way in (mask), and before a file is written it is
searched for each login, token, phone and learnt value in the spellings that the kit itself can produce (raw, percent-
and form-encoded, escaped for JSON, XML and HTML, base64). What is found is masked, the file is written, as well-formed
as before, and the number of masked places is reported (write). A report is never lost: it was paid for. Names of
members are no secrets, unless they hold a login, a token, a phone or a learnt value.
"""
