"""The registry's refusals: status and plain-text body, word for word as recorded (CONTRACT §3).

Bodies marked "assumed" were never recorded; no client should depend on their text.
"""

from __future__ import annotations

PLAIN_TEXT = "text/plain; charset=UTF-8"


class ApiError(Exception):
    """A request that the registry refuses; `status` and `body` are what it answers."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


def unknown_parameter(name: str) -> ApiError:
    return ApiError(400, f"`{name}` is unknown parameter")


def incorrect_format(parameter: str) -> ApiError:
    return ApiError(400, f"Parameter `{parameter}` has incorrect format")


def incorrect_item(parameter: str, number: int) -> ApiError:
    """`number` counts the list's items from 1."""
    return ApiError(400, f"Item {number} in parameter `{parameter}` has incorrect format")


def invalid_enum(parameter: str, value: str) -> ApiError:
    """`parameter` without its family: `overallStatus`, not `filter.overallStatus`."""
    return ApiError(400, f"Invalid value in parameter `{parameter}`: `{value}`")


def too_many_items(parameter: str) -> ApiError:
    """The limit is the specification's, the text is assumed."""
    return ApiError(400, f"Parameter `{parameter}` has too many items")


def invalid_field(name: str) -> ApiError:
    return ApiError(400, f"Parameter 'fields' contains invalid field name: '{name}'")


def broken_field(_name: str) -> ApiError:
    """The classic List-style names (`ConditionList`) break the registry itself: always 500. Body assumed."""
    return ApiError(500, "Internal Server Error")


def unsortable() -> ApiError:
    return ApiError(400, "Unsupported sort field type: text")


def query_error(place: str, detail: str) -> ApiError:
    """`place` is the label of the search form's field: `Conditions or disease`, `advanced filter`."""
    return ApiError(400, f"Error parsing query in {place}: {detail}")


def study_not_found(nct_id: str) -> ApiError:
    return ApiError(404, f"NCT number {nct_id} not found")


def no_such_path() -> ApiError:
    """A wrong path answers with an empty body, unlike a study that does not exist."""
    return ApiError(404, "")


def token_refused() -> ApiError:
    """A token that is malformed or belongs to older data. Text assumed."""
    return incorrect_format("pageToken")


def not_modelled(what: str) -> ApiError:
    """Not the registry: a legal request that the stand-in can't answer truthfully."""
    return ApiError(501, f"The stand-in does not model {what}")
