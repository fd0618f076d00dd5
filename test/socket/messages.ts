/** Netlink messages written by hand, byte by byte, for tests below the codecs. */

/** Bytes from lines of hexadecimal digits; what follows `#` on a line is a comment. */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text.replace(/#.*$/gm, "").replace(/\s/g, ""));
}

/** `datagram` with another sequence number in its messages. */
export function numbered(datagram: Uint8Array, sequence: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(datagram);
  for (const { offset } of headersOf(copy)) new DataView(copy.buffer).setUint32(offset + 8, sequence, true);
  return copy;
}

/** Lists all links. */
export const linkDump = hex(`
  20000000            # struct nlmsghdr: length 32
  1200 0103           # RTM_GETLINK (18), NLM_F_REQUEST | NLM_F_DUMP
  01000000 00000000   # sequence 1, port 0
  00 00 0000          # struct ifinfomsg: AF_UNSPEC, padding, type 0
  00000000            # index 0
  00000000 00000000   # flags 0, change 0
`);

/** Makes a bridge, for which the kernel finds the name: bridge0, bridge1, … */
export const createBridge = hex(`
  30000000            # struct nlmsghdr: length 48
  1000 0506           # RTM_NEWLINK (16), NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
  02000000 00000000   # sequence 2, port 0
  00000000 00000000 00000000 00000000   # struct ifinfomsg
  1000 1200           # IFLA_LINKINFO (18), length 16
  0a00 0100           #   IFLA_INFO_KIND (1), length 10
  627269646765 0000   #   "bridge", padding
`);

/** The headers of the messages of a datagram, and where they begin. */
export function headersOf(datagram: Uint8Array) {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const headers = [];
  for (let offset = 0; offset < datagram.length; offset += (view.getUint32(offset, true) + 3) & ~3) {
    headers.push({
      offset,
      type: view.getUint16(offset + 4, true),
      flags: view.getUint16(offset + 6, true),
      sequence: view.getUint32(offset + 8, true),
      port: view.getUint32(offset + 12, true),
    });
  }
  return headers;
}
