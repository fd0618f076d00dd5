/** What most callers want to know of a link, read without the rest. */
import { attr, attrs, type Infer, summary } from "../../codec/index.ts";
import { LinkInfo } from "./info.ts";
import { Link, linkHeader } from "./link.ts";

/** The kinds, without their data. */
const Kinds = attrs(() => {
  const { kind, slaveKind } = LinkInfo.rows;
  return { kind, slaveKind };
});

export const LinkSummary = summary(linkHeader, () => {
  const { address, ifname, mtu, link, master, txqlen, operstate, ifalias } = Link.rows;
  return { address, ifname, mtu, link, master, txqlen, operstate, ifalias, linkinfo: attr(18, Kinds) };
});
export type LinkSummary = Infer<typeof LinkSummary>;
