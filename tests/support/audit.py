"""Known weaknesses of what a lock file names, as the public service of pip-audit knows them: `make audit`.

    python -m support.audit PIP_AUDIT LOCK

Exit codes: 0 none known, 1 some are, 2 the service could not be asked about each.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence


def verdict(report: str, reason: str) -> tuple[int, list[str]]:
    """The exit code and the lines for a report of pip-audit in JSON. reason: the last line that it said."""
    try:
        parts = json.loads(report)["dependencies"]
    except ValueError:
        lines = [f"the service of advisories could not be asked: {reason}; nothing is known, try again online"]
        return 2, lines
    weak = [
        f"{part['name']} {part['version']}: {one['id']}, mended in {' or '.join(one['fix_versions']) or 'none yet'}"
        for part in parts
        for one in part.get("vulns", ())
    ]
    unknown = [part["name"] for part in parts if "vulns" not in part]
    lines = [*weak, f"{len(parts) - len(unknown)} of {len(parts)} packages audited, {len(weak)} known weaknesses"]
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        lines.append(f"the service of advisories has no answer for {', '.join(unknown[:3])}{more}; try again online")
    return (1 if weak else 2 if unknown else 0), lines


def main(words: Sequence[str]) -> int:
    program, lock = words
    done = subprocess.run(
        [program, "--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json", "-r", lock],
        capture_output=True,
        text=True,
        check=False,
    )
    code, lines = verdict(done.stdout, (done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    sys.stdout.write("\n".join([*lines, ""]))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
