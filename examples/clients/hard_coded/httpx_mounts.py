"""Sends what a program asks of https://i-find.pro to the mock: for a program whose address is written into its code.

The transport that is mounted on the address is the mock itself, in the same process, without a socket:

    python httpx_mounts.py
"""

import httpx

from mockserver import create_app

API = "https://i-find.pro"


def program(http):
    """Stands for the program."""
    form = {"login": "demo@example.com", "token": "demo-token"}
    return http.post(f"{API}/api/info", data=form).json()["status"]


if __name__ == "__main__":
    mounts = {API: httpx.WSGITransport(create_app(delay="0s"))}
    with httpx.Client(mounts=mounts) as http:
        print(program(http))
