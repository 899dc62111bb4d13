"""The server of `serve`: sockets, HTTP/1.1 and delivery, in front of the gateway and the Flask app."""
