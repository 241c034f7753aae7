/**
 * File names in Git are bytes; ours are strings. Valid UTF-8 is decoded as such. A byte that is not becomes the lone
 * surrogate U+DC00 + byte (as in Python's PEP 383), so that no name is lost, none is taken for another, and
 * `isPortableName` can tell.
 */
export function decodeName(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  if (!text.includes("\uFFFD") || Buffer.from(text, "utf8").equals(bytes)) return text;
  let name = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      name += String.fromCharCode(0xdc00 + bytes[at++]!);
    } else {
      name += Buffer.from(bytes.subarray(at, at + length)).toString("utf8");
      at += length;
    }
  }
  return name;
}

/** The bytes of a name that `decodeName` made. */
export function encodeName(name: string): Buffer {
  if (isPortableName(name)) return Buffer.from(name, "utf8");
  const parts = name.split(/([\uDC80-\uDCFF])/u).map((part) => {
    const code = part.length === 1 ? part.charCodeAt(0) : 0;
    return code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(part, "utf8");
  });
  return Buffer.concat(parts);
}

/** Whether a name is valid UTF-8, so that a file of that name can be made from a string. */
export function isPortableName(name: string): boolean {
  return name.isWellFormed();
}

/** A name as Git's C-style quoting, for messages and for formats that end a name with a newline. */
export function quoteName(name: string): string {
  let quoted = "";
  for (const byte of encodeName(name)) {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === "\\") quoted += `\\${character}`;
    else if (byte >= 0x20 && byte < 0x7f) quoted += character;
    else quoted += `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return `"${quoted}"`;
}

/** How many bytes the valid UTF-8 sequence at `at` has; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
  if (length <= 1) return length;
  const slice = Buffer.from(bytes.subarray(at, at + length));
  return Buffer.from(slice.toString("utf8"), "utf8").equals(slice) ? length : 0;
}
