/** `fib`: asks the routing tables about the packet (enum nft_fib_attributes). */
import { attr, attrs, flags, oneOf, u32be } from "../../codec/index.ts";
import { Register } from "../data.ts";

/** enum nft_fib_result. */
export const fibResults = { oif: 1, oifname: 2, addrtype: 3 } as const;
/** enum nft_fib_flags: what is asked about, and what must agree. */
export const fibFlags = { saddr: 1, daddr: 2, mark: 4, iif: 8, oif: 16, present: 32 } as const;

export const Fib = attrs(() => ({
  dreg: attr(1, Register),
  result: attr(2, oneOf(u32be, fibResults)),
  flags: attr(3, flags(u32be, fibFlags)),
}));
