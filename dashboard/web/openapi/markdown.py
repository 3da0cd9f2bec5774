"""The description as a page of Markdown: `python -m dashboard.web.openapi.markdown` prints it.

docs/openapi.md is what it prints; a test holds the one to the other.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from dashboard.web.openapi import document
from dashboard.web.openapi.parts import Json

_HEAD = """# The HTTP interface in tables

Every operation and every schema of `/openapi.json`, written here from it; [api.md](api.md) is the
same as prose, and [events.md](events.md) has the meaning of every field. HEAD is answered wherever
GET is, OPTIONS everywhere.
"""


def render(described: Json) -> str:
    """The page of an OpenAPI document."""
    blocks = [_HEAD]
    for tag in described["tags"]:
        blocks.append(f"## {tag['name'].capitalize()}\n\n{_sentence(tag['description'])}\n")
        for path, item in described["paths"].items():
            for method, operation in item.items():
                if tag["name"] in operation["tags"]:
                    blocks += _operation(method, path, operation)
    schemes = described["components"]["securitySchemes"]
    rows = ((f"`{name}`", _way(each), each["description"]) for name, each in schemes.items())
    blocks += ["## Tokens\n", _table(("name", "sent as", "meaning"), rows), "## Schemas\n"]
    for name, schema in described["components"]["schemas"].items():
        blocks += _schema(name, schema)
    return "\n".join(blocks)


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    yield f"### {method.upper()} {path}\n"
    says = [operation["summary"], operation.get("description", ""), _access(operation["security"])]
    yield " ".join(_sentence(text) for text in says if text) + "\n"
    parameters = operation.get("parameters", [])
    if parameters:
        yield _table(
            ("parameter", "in", "value", "meaning"),
            (
                (f"`{each['name']}`", each["in"], _kind(each["schema"]), each["description"])
                for each in parameters
            ),
        )
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]
        rows = ((f"`{kind}`", _kind(each["schema"])) for kind, each in content.items())
        yield _table(("body", "value"), rows)
    yield _table(
        ("status", "answer", "meaning"),
        (
            (status, _content(each.get("content", {})), each["description"])
            for status, each in operation["responses"].items()
        ),
    )


def _schema(name: str, schema: Json) -> Iterator[str]:
    yield f"### {name}\n"
    properties = schema.get("properties", {})
    said = schema.get("description", "")
    if not properties:
        words = [_kind({k: v for k, v in schema.items() if k != "description"}), said]
        yield _sentence(": ".join(word for word in words if word)) + "\n"
        return
    if said:
        yield _sentence(said) + "\n"
    required = schema.get("required", ())
    yield _table(
        ("key", "value", "there", "meaning"),
        (
            (
                f"`{key}`",
                _kind(each),
                "always" if key in required else "",
                each.get("description", "") if isinstance(each, dict) else "",
            )
            for key, each in properties.items()
        ),
    )


def _content(content: Json) -> str:
    return ", ".join(
        f"`{kind}`" + (f": {_kind(each['schema'])}" if "$ref" in each.get("schema", {}) else "")
        for kind, each in content.items()
    )


def _access(security: list[Json]) -> str:
    if not security:
        return "Open to everybody"
    needed = " or ".join(f"`{name}`" for each in security for name in each)
    return f"Wants {needed}" + (", where a READ_TOKEN is set" if {} in security else "")


def _way(scheme: Json) -> str:
    if scheme["type"] == "http":
        return "`Authorization: Bearer …`"
    return f"the {scheme['in']} `{scheme['name']}`"


def _kind(schema: Any) -> str:
    """What a schema allows, in a few words."""
    if not isinstance(schema, dict):
        return "nothing"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema or ("allOf" in schema and "type" not in schema):
        joined = " or " if "anyOf" in schema else " and "
        return joined.join(_kind(each) for each in schema.get("anyOf") or schema["allOf"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    types = schema.get("type", "anything")
    word = types if isinstance(types, str) else ", ".join(types)
    return " ".join([word, *_bounds(schema)])


def _bounds(schema: Json) -> Iterator[str]:
    if "items" in schema:
        yield f"of {_kind(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        yield f"of {_kind(schema['additionalProperties'])}"
    elif "properties" in schema:
        yield "with " + ", ".join(
            f"`{key}` ({_kind(each)})" for key, each in schema["properties"].items()
        )
    for low, high, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
    ):
        least, most = schema.get(low), schema.get(high)
        if least is not None and most is not None:
            yield f"{_number(least)} to {_number(most)}{unit}"
        elif least is not None:
            yield f"from {_number(least)}{unit}"
        elif most is not None:
            yield f"at most {_number(most)}{unit}"
    if "pattern" in schema:
        yield f"`{schema['pattern']}`"
    if "default" in schema and schema["default"] is not None:
        yield f"(else {json.dumps(schema['default'])})"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    cells = [" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines]
    return "\n".join(f"| {line} |" for line in cells) + "\n"


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."


if __name__ == "__main__":
    print(render(document()), end="")
