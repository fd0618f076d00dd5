/** The link kind `veth`: a pair, of which the peer is described by a link message inside (linux/veth.h). */
import { attr, attrs, type Codec } from "../../codec/index.ts";
import { Link, type LinkInput } from "./link.ts";

/** VETH_INFO_*. Only requests hold it; in a reply the peer is the link whose index is `link`. */
export interface Veth {
  /** The other end. What it does not say (`mtu`, `numTxQueues`) is as on the end that is described. */
  peer?: LinkInput | undefined;
}

// The type is written out because it refers to itself by way of Link.
export const Veth: Codec<Veth> = attrs(() => ({
  peer: attr<unknown>(1, Link as Codec<unknown>),
})) as Codec<Veth>;
