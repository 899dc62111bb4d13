"""Sends what a program asks of https://i-find.pro to the mock: for a program whose address is written into its code.

Give the adapter to the session that the program uses, in a test of its own or in its settings for tests:

    MOCK=http://127.0.0.1:8080 python requests_adapter.py
"""

import os

import requests
from requests.adapters import HTTPAdapter

API = "https://i-find.pro"


class ToTheMock(HTTPAdapter):
    """Puts another address in place of the API's."""

    def __init__(self, mock):
        super().__init__()
        self.mock = mock

    def send(self, request, **more):
        request.url = request.url.replace(API, self.mock, 1)
        return super().send(request, **more)


def program(session):
    """Stands for the program."""
    form = {"login": "demo@example.com", "token": "demo-token"}
    return session.post(f"{API}/api/info", data=form, timeout=10).json()["status"]


if __name__ == "__main__":
    session = requests.Session()
    session.mount(API, ToTheMock(os.environ["MOCK"]))
    print(program(session))
