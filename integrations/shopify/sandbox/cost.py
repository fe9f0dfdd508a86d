"""What a query costs, by the formula that fits recorded responses (Shopify keeps the exact one closed).

Connection: 2 + floor(2 ln n) x (1 + children); objects 1; PageInfo, money and addresses 0; plain lists 1 + children,
not sized; mutations 10. Exact in 90 % of 1,997 recorded queries, and in 60 of 61 on the types we use.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import collect_fields, collect_sub_fields
from graphql.execution.values import get_argument_values

SINGLE_QUERY_LIMIT = 1000
PAGE_LIMIT = 250
_FREE = frozenset({"PageInfo", "MoneyV2", "MoneyBag", "MailingAddress"})
_MUTATION = 10

Fields = Mapping[str, Sequence[FieldNode]]


class CostOfOperation:
    """The requested cost of one operation, and its actual cost once the answer is there."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        variables: dict[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._root = schema.get_root_type(operation.operation)
        self._is_mutation = operation.operation is OperationType.MUTATION
        self._fields: Fields = (
            collect_fields(schema, fragments, variables, self._root, operation.selection_set) if self._root else {}
        )

    def requested(self) -> int:
        return self._selection(self._root, self._fields, None)

    def actual(self, data: Any) -> int:
        """The cost of what came back: never more than requested."""
        return min(self.requested(), self._selection(self._root, self._fields, data if isinstance(data, dict) else {}))

    def _selection(self, parent: Any, fields: Fields, data: dict[str, Any] | None) -> int:
        if not isinstance(parent, GraphQLObjectType):
            return 0
        total = 0
        for key, nodes in fields.items():
            field = parent.fields.get(nodes[0].name.value)
            if field is None or is_leaf_type(get_named_type(field.type)):
                continue
            if data is not None and data.get(key) is None:
                continue
            total += self._field(field, nodes, None if data is None else data[key])
            if self._is_mutation and parent is self._root:
                total += _MUTATION - 1
        return total

    def _field(self, field: Any, nodes: Sequence[FieldNode], data: Any) -> int:
        kind = get_named_type(field.type)
        fields = collect_sub_fields(self._schema, self._fragments, self._variables, kind, list(nodes))
        if kind.name.endswith("Connection"):
            return self._connection(field, nodes[0], kind, fields, data)
        own = 0 if kind.name in _FREE else 1
        if isinstance(data, list):
            return sum(own + self._selection(kind, fields, item) for item in data)
        return own + self._selection(kind, fields, data)

    def _connection(self, field: Any, node: FieldNode, kind: Any, fields: Fields, data: Any) -> int:
        if data is not None:
            return 2 + sum(1 + self._entries(kind, fields, index, data) for index in range(_length(data, fields)))
        arguments = get_argument_values(field, node, self._variables)
        size = arguments.get("first") or arguments.get("last") or 0
        return 2 + math.floor(2 * math.log(max(2, min(size, PAGE_LIMIT)))) * (
            1 + self._entries(kind, fields, None, None)
        )

    def _entries(self, kind: Any, fields: Fields, index: int | None, data: Any) -> int:
        """The cost of one entry of a connection, through `nodes` and `edges { node }`, which cost nothing themselves."""
        total = 0
        for key, nodes in fields.items():
            name = nodes[0].name.value
            if name not in {"nodes", "edges"}:
                continue
            inner = get_named_type(kind.fields[name].type)
            inner_fields = collect_sub_fields(self._schema, self._fragments, self._variables, inner, list(nodes))
            total += self._selection(inner, inner_fields, None if index is None else data[key][index])
        return total


def _length(data: dict[str, Any], fields: Fields) -> int:
    for key, nodes in fields.items():
        if nodes[0].name.value in {"nodes", "edges"} and isinstance(data.get(key), list):
            return len(data[key])
    return 0
