"""Looks up a phone with requests: creates a task, asks for its result until it is ready, and prints what was found.

    IFIND_API=http://127.0.0.1:8080/api IFIND_LOGIN=demo@example.com IFIND_TOKEN=demo-token \
        python python_requests.py 70001234567 2 json

IFIND_API: https://i-find.pro/api for the API itself. IFIND_PAUSE: seconds between two polls (3). IFIND_TIMEOUT: seconds
after which a task is given up (60). Needs `pip install requests`.
"""

import csv
import io
import json
import os
import sys
import time
from xml.etree import ElementTree

import requests


class LookupFailed(Exception):
    """No result, for one of the reasons below."""


class Refused(LookupFailed):
    """The API answered with an error: a wrong token, a used-up limit, a task that failed."""


class NoAnswer(LookupFailed):
    """The connection failed, or what came is no answer of the API, such as a proxy's error page."""


class NotReady(LookupFailed):
    """The task is still being processed after the time-out."""


# Each reader gives the members of an answer, with the rows that were found under "rows".


def from_json(body):
    answer = json.loads(body)
    photo = [{"photo": answer["photo"]}] if answer.get("photo") else []
    return {**answer, "rows": [*(answer.get("data") or ()), *(answer.get("names") or ()), *photo]}


def from_xml(body):
    root = ElementTree.fromstring(body)
    answer = {part.tag: part.text or "" for part in root}
    entries = [*root.iterfind("data/*"), *root.iterfind("names/*")]
    photo = [{"photo": answer["photo"]}] if answer.get("photo") else []
    return {**answer, "rows": [{field.tag: field.text or "" for field in entry} for entry in entries] + photo}


def from_csv(body):
    reader = csv.DictReader(io.StringIO(body.decode("utf-8"), newline=""), strict=True)
    rows = list(reader)
    if reader.fieldnames[0] in {"title", "name"}:  # a table of what was found
        return {"status": "ready", "rows": rows}
    answer = rows[0]  # any other answer is one line of names and one of values
    return {**answer, "rows": [{"photo": answer["photo"]}] if answer.get("photo") else []}


READERS = {"json": from_json, "xml": from_xml, "csv": from_csv}


class Client:
    """Calls the API for one account.

    api: its address, such as https://i-find.pro/api. pause, timeout: seconds between two polls, and until a task is
    given up.
    """

    def __init__(self, api, login, token, pause=3.0, timeout=60.0):
        self.api = api
        self.account = {"login": login, "token": token}
        self.pause = pause
        self.timeout = timeout
        self.session = requests.Session()

    def call(self, method, **params):
        """The answer to a call that succeeded. Raises Refused and NoAnswer."""
        form = {**self.account, **params}  # a form keeps the token out of addresses, which are logged on the way
        try:
            response = self.session.post(f"{self.api}/{method}", data=form, timeout=10, allow_redirects=False)
        except requests.RequestException as error:
            raise NoAnswer(f"no answer: {type(error).__name__}") from error
        try:
            answer = READERS[params["format"]](response.content)
            status = answer["status"]
        except Exception:  # whatever is wrong with it
            status = None
        # An error of the API says so in its body, mostly under HTTP 200: look there first.
        if status == "error":
            raise Refused(f"the API refused: {answer.get('error_code')} {answer.get('message')}")
        if not response.ok:
            raise NoAnswer(f"no answer: HTTP {response.status_code}")
        if status is None:
            raise NoAnswer(
                f"no answer: HTTP {response.status_code} with a body that is no answer in {params['format']}"
            )
        return answer

    def look_up(self, phone, source, format="json"):
        """What was found, as a list of rows. Raises LookupFailed."""
        # Sent once: a create whose answer is lost may have cost units all the same.
        task = self.call("create", phone=phone, source=source, format=format).get("id")
        if not task:
            raise NoAnswer("no answer: a task without an id")
        end = time.monotonic() + self.timeout
        while True:
            time.sleep(self.pause)
            problem = NotReady(f"task {task} is not ready after {self.timeout:g} s")
            try:
                answer = self.call("result", id=task, format=format)
                if answer["status"] == "ready":
                    return answer["rows"]
            except NoAnswer as error:  # polls cost nothing: one that fails is sent again
                problem = error
            if time.monotonic() >= end:
                raise problem


def main():
    account = [os.environ.get(name) for name in ("IFIND_API", "IFIND_LOGIN", "IFIND_TOKEN")]
    if len(sys.argv) < 3 or not all(account):
        usage = "python_requests.py PHONE SOURCE [json|xml|csv], with IFIND_API, IFIND_LOGIN and IFIND_TOKEN"
        print(f"usage: {usage}", file=sys.stderr)
        sys.exit(2)
    pause, timeout = os.environ.get("IFIND_PAUSE", "3"), os.environ.get("IFIND_TIMEOUT", "60")
    try:
        rows = Client(*account, float(pause), float(timeout)).look_up(*sys.argv[1:])
    except LookupFailed as error:
        sys.exit(f"error: {error}")
    for row in rows:
        print(*row.values(), sep="\t")


if __name__ == "__main__":
    main()
