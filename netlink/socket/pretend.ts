/** Pretending: a transport whose kernel is a function, for tests of what is built on a transport. */
import { SystemError } from "../errors.ts";
import type { Transport } from "./transport.ts";

/**
 * A transport that answers each datagram with what `kernel` gives for it.
 * @param kernel gets a datagram as it was sent; gives the datagrams to receive, from none to many
 * @param port the port id of the transport, which a client expects in the headers of replies
 */
export function pretending(kernel: (request: Uint8Array) => Uint8Array[], port = 1): Transport {
  const replies: Uint8Array[] = [];
  return {
    port,
    send(datagram) {
      replies.push(...kernel(datagram.slice()));
    },
    receive() {
      const bytes = replies.shift();
      if (bytes === undefined) throw new SystemError("receive from a pretended kernel", "ETIMEDOUT");
      return { bytes, port: 0, truncated: false };
    },
    close() {},
  };
}
