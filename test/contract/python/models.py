"""Prints the constraints of botocore's API models (Apache-2.0) on the input of operations, for scripts/constraints.ts.

Reads {service: [operation, ...]} and prints {service: {"operations": {operation: shape or null}, "shapes": {...}}}. Omits
shapes without constraints, and members that only lead to them.
"""

import json
import re
import sys

import botocore.loaders


def constraints(model, operations):
    shapes = {}

    def add(reference, above=()):
        name = reference and reference["shape"]
        if not name or name in above:
            return None
        if name not in shapes:
            found = demands(model["shapes"][name], lambda inner: add(inner, (*above, name)))
            if not found:
                return None
            shapes[name] = found
        return name

    inputs = {operation: add(model["operations"][operation].get("input")) for operation in sorted(operations)}
    return {"operations": inputs, "shapes": dict(sorted(shapes.items()))}


def demands(shape, inner):
    found = {key: shape[key] for key in ("min", "max", "pattern", "enum") if key in shape}
    # A length cannot be below 0, but a number can.
    if found.get("min") == 0 and shape["type"] not in ("integer", "long"):
        del found["min"]
    if "pattern" in found:
        # Removes escapes that Java allows, but JavaScript rejects in Unicode regular expressions.
        found["pattern"] = re.sub(r"\\([:@,])", r"\1", found["pattern"])
    members = {name: member(shape, name, reference, inner(reference)) for name, reference in shape.get("members", {}).items()}
    found["members"] = {name: kept for name, kept in members.items() if kept is not None}
    found.update({name: inner(shape.get(key)) for key, name in (("member", "item"), ("key", "key"), ("value", "value"))})
    found = {key: value for key, value in found.items() if value not in (None, {})}
    if not found:
        return None
    if shape["type"] == "list":
        found["itemName"] = "" if shape.get("flattened") else shape["member"].get("locationName", "member")
    kind = {} if shape["type"] == "string" else {"type": shape["type"]}
    return {**kind, **found, **({"sensitive": True} if shape.get("sensitive") else {})}


def member(shape, name, reference, demanding):
    location, wire = reference.get("location"), reference.get("locationName", name)
    # A path of the operation always contains these members.
    required = location != "uri" and name in shape.get("required", [])
    if not demanding and not required:
        return None
    place = "payload" if name == shape.get("payload") else location
    found = {"shape": demanding, "required": required, "in": place, "name": wire}
    return {key: value for key, value in found.items() if value and not (key == "name" and (location == "uri" or wire == name))}


wanted = json.load(sys.stdin)
loader = botocore.loaders.create_loader()
json.dump({name: constraints(loader.load_service_model(name, "service-2"), found) for name, found in wanted.items()}, sys.stdout)
