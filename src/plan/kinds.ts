/** Whether the kernel has a kind of link, found out without making one. */
import { createLink, type LinkInput } from "../../netlink/route/links.ts";
import { CniError, codes } from "../cni/error.ts";
import type { Side } from "./side.ts";

/** What a request says of a link's kind. */
export type KindOfLink = NonNullable<LinkInput["linkinfo"]>;

/** The kind as people speak of it. */
export const kindWord = (kind: string | undefined): string => (kind === "tun" ? "tap" : (kind ?? "unknown"));

/** No link may have it: a kernel that knows the kind refuses the link for this or for what it lacks besides. */
const IMPOSSIBLE = "00:00:00:00:00:00";

/** The module by which kernels get a kind, where it has another name. */
const modules: Readonly<Record<string, string>> = { vlan: "8021q" };

/** What to do about a kernel without the kind. */
export const kindHint = (kind: string): string => `load the module ${modules[kind] ?? kind}`;

/**
 * @param linkinfo the kind alone
 * @throws CniError with code 50 when the kernel has no links of the kind
 */
export function requireKind(host: Side, linkinfo: KindOfLink): void {
  const [refusal] = host.route.attempt([createLink({ address: IMPOSSIBLE, linkinfo })]);
  if (refusal?.code !== "EOPNOTSUPP") return;
  throw new CniError({
    code: codes.notAvailable,
    operation: "serve the network",
    cause: `this kernel has no links of the kind ${linkinfo.kind}`,
    hint: kindHint(linkinfo.kind!),
    details: refusal.message,
  });
}
