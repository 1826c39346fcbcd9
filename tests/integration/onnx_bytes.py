# SPDX-License-Identifier: Apache-2.0
"""Small ONNX files, written field by field (numbers: onnx.proto), so that tests can write ones no exporter would."""
FLOAT = 1


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def declared(name, shape):
    dimensions = b"".join(field(1, field(1, extent)) for extent in shape)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dimensions)))


def zeros(name, shape):
    elements = 1
    for extent in shape:
        elements *= extent
    return b"".join(field(1, extent) for extent in shape) + field(2, FLOAT) + field(8, name) + field(9, bytes(4 * elements))


def node(kind, name, inputs, output):
    return b"".join(field(1, one) for one in inputs) + field(2, output) + field(3, name) + field(4, kind)


def model(nodes, inputs, output, weights=()):
    """`inputs` and `weights`: shapes by name; `output`: name and shape."""
    graph = b"".join(field(1, one) for one in nodes) + field(2, "written")
    graph += b"".join(field(5, zeros(name, shape)) for name, shape in dict(weights).items())
    graph += b"".join(field(11, declared(name, shape)) for name, shape in inputs.items())
    return field(1, 7) + field(7, graph + field(12, declared(*output))) + field(8, field(1, "") + field(2, 13))


def chain(layers, shape):
    """Relu after Relu."""
    nodes = [node("Relu", f"layer{i}", [f"t{i}"], f"t{i + 1}") for i in range(layers)]
    return model(nodes, {"t0": shape}, (f"t{layers}", shape))
