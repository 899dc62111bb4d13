"""The Flask app: the API and the mock's own routes, whole, under any WSGI server."""

from mockserver.web.app import create_app

__all__ = ["create_app"]  # for `flask --app mockserver.web run`
