"""One call of the Admin GraphQL API: read the document, charge its cost, execute it, word the answer."""

import functools
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    execute,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from integrations.shopify.sandbox.cost import SINGLE_QUERY_LIMIT, CostOfOperation
from integrations.shopify.sandbox.graphql_errors import invalid_variable, refused, throttled, too_expensive, worded
from integrations.shopify.sandbox.resolvers import Asking, resolve_field
from integrations.shopify.sandbox.schema import admin_schema
from integrations.shopify.sandbox.throttle import Bucket

_MOST_TOKENS = 20_000


@dataclass(frozen=True)
class Answer:
    """The body of the response and what the call log keeps of it."""

    body: dict[str, Any]
    operation: str | None = None
    cost: int | None = None

    @property
    def error(self) -> str | None:
        errors = self.body.get("errors")
        return (errors[0].get("extensions") or {}).get("code", "ERROR") if errors else None


def answer(query: str, variables: dict[str, Any], operation_name: str | None, asking: Asking, bucket: Bucket) -> Answer:
    try:
        return _answer(query, variables, operation_name, asking, bucket)
    except RecursionError:
        return Answer(refused([{"message": "Query has a depth that exceeds the limit"}]), operation_name)


def _answer(
    query: str, variables: dict[str, Any], operation_name: str | None, asking: Asking, bucket: Bucket
) -> Answer:
    document, problems = _read(query)
    if document is None or problems:
        return Answer(refused(problems), operation_name)
    operation = _operation(document, operation_name)
    if operation is None:
        return Answer(refused([{"message": "An operation name is required"}]), operation_name)
    name = operation.name.value if operation.name else None
    values = get_variable_values(admin_schema(), operation.variable_definitions, variables)
    if isinstance(values, list):
        return Answer(refused(invalid_variable(error) for error in values), name)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    cost = CostOfOperation(admin_schema(), fragments, operation, values)
    requested = cost.requested()
    if requested > SINGLE_QUERY_LIMIT:
        return Answer(too_expensive(requested), name, requested)
    if not bucket.take(requested):
        return Answer(throttled(requested, bucket.status()), name, requested)
    return Answer(_execute(document, variables, name, asking, bucket, cost, requested), name, requested)


@functools.lru_cache(maxsize=128)
def _read(query: str) -> tuple[DocumentNode | None, list[dict[str, Any]]]:
    try:
        document = parse(query, max_tokens=_MOST_TOKENS)
        problems = validate(admin_schema(), document)
    except GraphQLError as error:
        return None, [worded(error)]
    return document, [worded(problem) for problem in problems]


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name and node.name.value == name]
    return operations[0] if len(operations) == 1 else None


def _execute(
    document: DocumentNode,
    variables: dict[str, Any],
    name: str | None,
    asking: Asking,
    bucket: Bucket,
    cost: CostOfOperation,
    requested: int,
) -> dict[str, Any]:
    result = execute(
        admin_schema(),
        document,
        context_value=asking,
        variable_values=variables,
        operation_name=name,
        field_resolver=resolve_field,
        is_awaitable=_never,
    )
    if not isinstance(result, ExecutionResult):
        raise TypeError("The sandbox executes synchronously")
    actual = cost.actual(result.data)
    bucket.refund(requested - actual)
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    body["extensions"] = {
        "cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": bucket.status()}
    }
    if asking.search:
        body["extensions"]["search"] = asking.search
    return body


def _never(value: Any) -> bool:
    """Nothing here is awaited; saying so spares graphql-core a check per field."""
    return False
