"""OpenAPI: the description of the API and of the control API."""

from __future__ import annotations

from typing import Any

from mockserver.inputs import fields
from mockserver.inputs.fields import Field
from mockserver.web.control import route_table
from mockserver.web.route import ControlContext, ControlRequest, Route


def read(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """The API as this mock answers it now, and every route."""
    from mockserver.web.description import mock_description

    settings = context.settings
    return 200, mock_description(
        route_table(),
        context.mock.profile,
        request.caller.base,
        with_token=settings.admin_token is not None,
        plain=settings.plain,
    )


_DESCRIPTION: Field[Any] = Field(
    fields.as_is.read, {"type": "object", "required": ["openapi", "info", "paths"]}, "a description in OpenAPI 3.1"
)

ROUTES = (
    Route(
        "GET",
        "/openapi.json",
        read,
        "This description, in OpenAPI 3.1.",
        {200: _DESCRIPTION},
        apart=True,
    ),
)
