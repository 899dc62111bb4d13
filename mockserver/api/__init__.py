"""The API: a request's parameters, the operations, the mock, and the gateway that both servers ask."""
