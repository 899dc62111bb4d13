"""The Flask app: the API and the control API, whole, under any WSGI server."""

from mockserver.web.app import create_app

__all__ = ["create_app"]  # for `flask --app mockserver.web run`
