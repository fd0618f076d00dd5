/** Bytes written by hand in tests, as the kernel's headers lay them out. */

/** Bytes from pairs of hexadecimal digits; white space and what follows `#` on a line are ignored. */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text.replace(/#.*$/gm, "").replace(/\s/g, ""));
}
