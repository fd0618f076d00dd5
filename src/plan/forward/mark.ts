/**
 * The bit of a packet's mark that says, for the length of the forward hook, that the packet is a container's. The rules of
 * iptables cannot look into our sets (one lookup in a table, and iptables refuses the whole table), but they can compare a
 * mark: so each of them can let containers through with one rule, however many containers there are.
 *
 * The bit is nobody else's: kube-proxy has 0xc000, portmap 0x2000, Calico and Tailscale the upper half, AWS 0x80. Whatever
 * it was before the hook, it is clear behind it.
 */
import type { Expression } from "../../../netlink/netfilter/expression/index.ts";
import { meta } from "../../../netlink/netfilter/field.ts";
import { match } from "../../../netlink/netfilter/rule.ts";

export const MARK = 0x1000;

/** As the rules of iptables and of nft have it. */
export const markText = {
  iptables: `-m mark --mark 0x${MARK.toString(16)}/0x${MARK.toString(16)}`,
  nft: `meta mark and 0x${MARK.toString(16)} == 0x${MARK.toString(16)}`,
} as const;

/** Where the bit is set and where it is cleared: chains of others with priority filter, and a little beside it, see it. */
export const window = { opens: -20, closes: 20 } as const;

/** The packet is a container's. */
export const isMarked = (): Expression[] => match.masked("eq", meta.mark, MARK, MARK);
