"""What a customer could write to check a downloaded audit log: nothing of ours is imported."""

import hashlib
import json
import sys


def check(path: str) -> str:
    """Where the chain of this file ends. Stops with a sentence at the first line that is wrong."""
    with open(path, encoding="utf-8") as file:
        first = json.loads(next(file))
        previous, position = "0" * 64, 0
        for line in file:
            link = json.loads(line)
            if "hash" not in link:
                continue  # not sealed yet
            hashed = link.pop("hash")
            position += 1
            if link["position"] != position or link["previous"] != previous:
                sys.exit(f"position {position}: does not continue the one before")
            text = json.dumps(link, sort_keys=True, separators=(",", ":"))
            if hashlib.sha256(text.encode("utf-8")).hexdigest() != hashed:
                sys.exit(f"position {position}: was changed")
            previous = hashed
    if previous != first["head"] or position != first["length"]:
        sys.exit("the end is missing")
    return previous


if __name__ == "__main__":
    print(check(sys.argv[1]))
