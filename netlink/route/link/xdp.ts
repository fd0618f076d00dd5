/** The XDP program on a link (IFLA_XDP_*, linux/if_link.h). */
import { attr, attrs, flags, oneOf, s32, u8, u32 } from "../../codec/index.ts";

export const Xdp = attrs(() => ({
  /** To attach: the file descriptor of a program; -1 detaches. */
  fd: attr(1, s32),
  /** Where the program runs, in replies. */
  attached: attr(2, oneOf(u8, { none: 0, drv: 1, skb: 2, hw: 3, multi: 4 })),
  flags: attr(3, flags(u32, { updateIfNoexist: 1, skbMode: 2, drvMode: 4, hwMode: 8, replace: 16 })),
  /** The program's id, when there is only one. */
  progId: attr(4, u32),
  drvProgId: attr(5, u32),
  skbProgId: attr(6, u32),
  hwProgId: attr(7, u32),
  /** With the flag `replace`: the program that must be attached now. */
  expectedFd: attr(8, s32),
}));
