/** The bridge that containers are attached to: made on first use, shared by all, and left in place. */
import { KernelError } from "../../netlink/errors.ts";
import type { LinkSummary } from "../../netlink/route/link/summary.ts";
import {
  createLink,
  deleteLink,
  getLink,
  getLinkSummary,
  listLinks,
  setLink,
} from "../../netlink/route/links.ts";
import { CniError, codes } from "../cni/error.ts";
import { randomHex } from "../sys/random.ts";
import type { Resource, Undo } from "./resource.ts";
import type { Side } from "./side.ts";
import { sysctls } from "./sysctls.ts";

export interface BridgeOptions {
  readonly name: string;
  /** Bytes; 0 leaves it to the kernel. Only a new bridge gets it. */
  readonly mtu: number;
  readonly promiscuous: boolean;
  /** The ports' VLANs count. Switched on where it is off, never off. */
  readonly vlanFiltering: boolean;
}

/** The link `name` of the host, which must be a bridge; undefined when there is none. @throws CniError */
export function findBridge(host: Side, name: string): LinkSummary | undefined {
  const link = host.route.find(getLinkSummary({ ifname: name }));
  const kind = link?.linkinfo?.kind;
  if (link === undefined || kind === "bridge") return link;
  throw new CniError({
    code: codes.failed,
    operation: "use the bridge",
    subject: name,
    cause: `there is a link of this name that is not a bridge but ${kind ?? "a device of another kind"}`,
    hint: 'give another name in "bridge", or rename that link',
  });
}

/** @throws CniError when there is no bridge of that name */
export function bridgeNamed(host: Side, name: string): LinkSummary {
  const link = findBridge(host, name);
  if (link !== undefined) return link;
  throw new CniError({
    code: codes.failed,
    operation: "use the bridge",
    subject: name,
    cause: "there is no such bridge on the host",
    hint: "an ADD makes it; has it been deleted?",
  });
}

/** Its index. @throws CniError when there is no bridge of that name */
export const bridgeIndex = (host: Side, name: string): number =>
  host.indexOf(name, () => bridgeNamed(host, name));

/** An address of our own (locally administered, unicast): a bridge that has one keeps it when ports come and go. */
const ownMac = (): string => `02${randomHex(5).replace(/../g, ":$&")}`;

/** Whether the bridge looks at VLANs: the summary of a link does not say. */
function filtersVlans(host: Side, name: string): boolean {
  const info = host.route.find(getLink({ ifname: name }))?.linkinfo;
  return info?.kind === "bridge" && info.data?.vlanFiltering === true;
}

function create(host: Side, { name, mtu, vlanFiltering }: BridgeOptions): Undo | undefined {
  try {
    host.route.do(
      createLink({
        ifname: name,
        address: ownMac(),
        flags: ["up"],
        change: ["up"],
        ...(mtu > 0 && { mtu }),
        linkinfo: { kind: "bridge", ...(vlanFiltering && { data: { vlanFiltering: true } }) },
      }),
    );
  } catch (error) {
    // Another call was faster: its bridge is as good as ours.
    if (error instanceof KernelError && error.code === "EEXIST") return undefined;
    throw explained(error, vlanFiltering);
  }
  const v6 = `net/ipv6/conf/${name}`;
  sysctls(host, [
    { key: `${v6}/accept_ra`, value: "0", optional: true },
    // From the bridge's own address the host asks for the containers that IPv6 packets from outside are for. As long as
    // the detection of duplicates lasted (2 s after the first container) it would have none to ask from.
    { key: `${v6}/accept_dad`, value: "0", optional: true },
  ]).ensure();
  return () => deleteIfUnused(host, name);
}

function explained(error: unknown, vlanFiltering: boolean): unknown {
  if (!(error instanceof KernelError) || error.code !== "EOPNOTSUPP") return error;
  const feature = vlanFiltering
    ? "bridges with VLAN filtering (CONFIG_BRIDGE_VLAN_FILTERING)"
    : "bridges (CONFIG_BRIDGE)";
  return new CniError(
    {
      code: codes.failed,
      operation: error.operation,
      cause: `this kernel has no ${feature}`,
      hint: vlanFiltering ? 'leave out "vlan" and "vlanTrunk"' : "load the module `bridge`",
      details: error.message,
    },
    { cause: error },
  );
}

/** A bridge that got a port in the meantime belongs to others as well. */
function deleteIfUnused(host: Side, name: string): void {
  const link = host.route.find(getLinkSummary({ ifname: name }));
  if (link === undefined) return;
  if (host.route.list(listLinks({ master: link.index })).length === 0) {
    host.route.do(deleteLink({ index: link.index }));
  }
}

/** A bridge that is there, up, and as promiscuous as it should be. */
export const bridge = (host: Side, options: BridgeOptions): Resource => ({
  describe: () => `bridge ${options.name}`,
  ensure() {
    const existing = findBridge(host, options.name);
    const undo = existing === undefined ? create(host, options) : undefined;
    const link = existing ?? bridgeNamed(host, options.name);
    host.indexOf(options.name, () => link);
    const up = link.flags.includes("up");
    const promiscuous = !options.promiscuous || link.flags.includes("promisc");
    if (!up || !promiscuous) {
      const flags = ["up" as const, ...(options.promiscuous ? ["promisc" as const] : [])];
      host.route.do(setLink({ index: link.index, flags, change: flags }));
    }
    if (options.vlanFiltering && !filtersVlans(host, options.name)) {
      host.route.do(
        setLink({ index: link.index, linkinfo: { kind: "bridge", data: { vlanFiltering: true } } }),
      );
    }
    return undo;
  },
  check() {
    const link = findBridge(host, options.name);
    if (link === undefined) return ["it is not there"];
    const promiscuous = link.flags.includes("promisc");
    return [
      ...(link.flags.includes("up") ? [] : ["it is down"]),
      ...(promiscuous === options.promiscuous ? [] : [`it is ${promiscuous ? "" : "not "}promiscuous`]),
      ...(options.vlanFiltering && !filtersVlans(host, options.name) ? ["it does not filter VLANs"] : []),
    ];
  },
  remove: () => undefined,
});
