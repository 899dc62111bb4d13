"""OpenAPI: the description of the control API."""

from __future__ import annotations

from typing import Any

from mockserver.inputs import fields
from mockserver.inputs.fields import Field
from mockserver.web.control import ROOT, route_table
from mockserver.web.description import openapi
from mockserver.web.route import ControlContext, ControlRequest, Route


def read(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Every route of this mock."""
    with_token = context.settings.admin_token is not None
    return 200, openapi(route_table(), f"{request.caller.base}{ROOT}", with_token=with_token)


_DESCRIPTION: Field[Any] = Field(
    fields.as_is.read, {"type": "object", "required": ["openapi", "info", "paths"]}, "a description in OpenAPI 3.1"
)

ROUTES = (Route("GET", "/openapi.json", read, "This description, in OpenAPI 3.1.", {200: _DESCRIPTION}, apart=True),)
