"""One HTTP request, read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """Method, target, Host and body; header names are lower case."""

    method: str
    target: str
    host: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


def is_json(call: Call) -> bool:
    return call.headers.get("content-type", "").split(";")[0].strip().lower() == "application/json"
