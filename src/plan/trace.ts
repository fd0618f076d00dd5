/** `--trace`: every netlink message of a call with its meaning, as it is sent and received. */
import { annotateEvent } from "../../netlink/annotate.ts";
import { observing } from "../../netlink/socket/record.ts";
import type { Open } from "../cni/host.ts";
import { openTransport } from "./side.ts";

/**
 * Opens transports as `open` does, and gives `write` an annotated dump of each datagram that passes through them:
 * `host route > sent`, and the bytes with what they mean.
 */
export function tracing(write: (text: string) => void, open: Open = openTransport): Open {
  return (protocol, namespace) => {
    const side = namespace === undefined ? "host" : "container";
    return observing(open(protocol, namespace), (event) =>
      write(`${side} ${protocol} ${annotateEvent(protocol, event)}\n`),
    );
  };
}
