"""The bytes of a component."""

HEADER = 8

MANIFEST_SECTION = b"nl2sql:manifest"


def with_manifest(component: bytes, manifest: bytes) -> bytes:
    """The component with the manifest in a custom section in front, where the host reads it without running anything."""
    content = _length(MANIFEST_SECTION) + MANIFEST_SECTION + manifest
    return component[:HEADER] + b"\x00" + _length(content) + content + component[HEADER:]


def _length(data: bytes) -> bytes:
    """An unsigned number in LEB128 (WebAssembly core specification, 5.2.2)."""
    number, encoded = len(data), bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        encoded.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(encoded)
