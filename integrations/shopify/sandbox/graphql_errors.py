"""Errors in the words that Shopify uses, where its words are known."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from graphql import GraphQLError

from integrations.shopify.sandbox.cost import SINGLE_QUERY_LIMIT

_REWORDED: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, dict[str, str]]]], ...] = (
    (
        re.compile(r"Cannot query field '(\w+)' on type '(\w+)'"),
        lambda m: (
            f"Field '{m[1]}' doesn't exist on type '{m[2]}'",
            {"code": "undefinedField", "typeName": m[2], "fieldName": m[1]},
        ),
    ),
    (
        re.compile(r"Unknown argument '(\w+)' on field '\w+\.(\w+)'"),
        lambda m: (
            f"Field '{m[2]}' doesn't accept argument '{m[1]}'",
            {"code": "argumentNotAccepted", "name": m[2], "typeName": "Field", "argumentName": m[1]},
        ),
    ),
    (
        re.compile(r"Field '(\w+)' argument '(\w+)' of type '.*' is required"),
        lambda m: (
            f"Field '{m[1]}' is missing required arguments: {m[2]}",
            {"code": "missingRequiredArguments", "className": "Field", "name": m[1], "arguments": m[2]},
        ),
    ),
    (
        re.compile(r"Field '(\w+)' of type '([\w!\[\]]+)' must have a selection of subfields"),
        lambda m: (
            f"Field must have selections (field '{m[1]}' returns {m[2].strip('![]')} but has no selections. Did you mean '{m[1]} {{ ... }}'?)",
            {"code": "selectionMismatch", "nodeName": f"field '{m[1]}'", "typeName": m[2].strip("![]")},
        ),
    ),
    (
        re.compile(r"Variable '\$(\w+)' is not defined"),
        lambda m: (f"Variable ${m[1]} is used but not declared", {"code": "variableNotDefined", "variableName": m[1]}),
    ),
    (
        re.compile(r"Variable '\$(\w+)' .*?[Ee]xpected.*? '([\w!\[\]]+)'"),
        lambda m: (f"Variable ${m[1]} of type {m[2]} was provided invalid value", {"code": "INVALID_VARIABLE"}),
    ),
)


def worded(error: GraphQLError) -> dict[str, Any]:
    """One refusal of a document or of its variables, as Shopify would put it."""
    body: dict[str, Any] = {"message": error.message}
    if error.locations:
        body["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    for pattern, words in _REWORDED:
        match = pattern.search(error.message)
        if match:
            body["message"], body["extensions"] = words(match)
            break
    return body


def invalid_variable(error: GraphQLError) -> dict[str, Any]:
    body = worded(error)
    code = {"code": "INVALID_VARIABLE", "problems": [{"path": [], "explanation": error.message}]}
    return body | {"extensions": body.get("extensions", {}) | code}


def refused(errors: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"errors": list(errors)}


def throttled(cost: int, status: dict[str, float]) -> dict[str, Any]:
    """The bucket does not hold the requested cost: HTTP 200, no data, no actual cost."""
    return {
        "errors": [
            {
                "message": "Throttled",
                "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
            }
        ],
        "extensions": {"cost": {"requestedQueryCost": cost, "actualQueryCost": None, "throttleStatus": status}},
    }


def too_expensive(cost: int) -> dict[str, Any]:
    """Over the limit of a single query, on every plan."""
    message = (
        f"Query cost is {cost}, which exceeds the single query max cost limit ({SINGLE_QUERY_LIMIT}).\n\n"
        "See https://shopify.dev/concepts/about-apis/rate-limits for more information on how the\ncost of a query is calculated.\n\n"
        "To query larger amounts of data with fewer limits, bulk operations should be used instead.\n"
        "See https://shopify.dev/tutorials/perform-bulk-operations-with-admin-api for usage details.\n"
    )
    extensions = {
        "code": "MAX_COST_EXCEEDED",
        "cost": cost,
        "maxCost": SINGLE_QUERY_LIMIT,
        "documentation": "https://shopify.dev/api/usage/rate-limits",
    }
    return refused([{"message": message, "extensions": extensions}])
