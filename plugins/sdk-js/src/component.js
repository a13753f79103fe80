// The bytes of a component.

const HEADER = 8;

const MANIFEST_SECTION = Buffer.from("nl2sql:manifest");

/** The component with the manifest in a custom section in front, where the host reads it without running anything. */
export function withManifest(component, manifest) {
  const content = Buffer.concat([length(MANIFEST_SECTION), MANIFEST_SECTION, manifest]);
  return Buffer.concat([component.subarray(0, HEADER), Buffer.from([0]), length(content), content, component.subarray(HEADER)]);
}

/** An unsigned number in LEB128 (WebAssembly core specification, 5.2.2). */
function length(data) {
  const bytes = [];
  let number = data.length;
  do {
    bytes.push((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    number >>>= 7;
  } while (number > 0);
  return Buffer.from(bytes);
}
