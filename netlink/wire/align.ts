/** The alignment of netlink: every header and payload starts at a multiple of four bytes (NLMSG_ALIGN, NLA_ALIGN). */

/** `length` rounded up to a multiple of four. */
export const aligned = (length: number): number => (length + 3) & ~3;
