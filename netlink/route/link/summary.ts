/** What most callers want to know of a link, read without the rest. */
import { attr, attrs, type Infer, summary } from "../../codec/index.ts";
import { LinkInfo } from "./info.ts";
import { linkHeader, linkRows } from "./link.ts";

const { kind, slaveKind } = LinkInfo.rows;

export const LinkSummary = summary(linkHeader, {
  address: linkRows.address,
  ifname: linkRows.ifname,
  mtu: linkRows.mtu,
  link: linkRows.link,
  master: linkRows.master,
  operstate: linkRows.operstate,
  ifalias: linkRows.ifalias,
  /** The kinds, without their data. */
  linkinfo: attr(18, attrs({ kind, slaveKind })),
});
export type LinkSummary = Infer<typeof LinkSummary>;
