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
import { allOrNothing, type Resource, type Undo, undoable } from "./resource.ts";
import type { Side } from "./side.ts";
import { ignoringAdvertisements, sysctls, withoutDetection } from "./sysctls.ts";

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
  host.linkOf(name, () => bridgeNamed(host, name)).index;

/** An address of our own (locally administered, unicast): a bridge that has one keeps it when ports come and go. */
const ownMac = (): string => `02${randomHex(5).replace(/../g, ":$&")}`;

const NO_MAC = "00:00:00:00:00:00";

/**
 * Keeps the bridge's address from following its ports', as that of a bridge does which somebody else made: containers
 * remember it as their gateway's. A bridge that has lost its last port has none to keep.
 */
export function keepMac(host: Side, name: string): void {
  const { index, address } = bridgeNamed(host, name);
  host.route.do(setLink({ index, address: address === NO_MAC ? ownMac() : address }));
}

/** What a bridge does with VLANs: the summary of a link does not say. */
function vlansOf(
  host: Side,
  name: string,
): { vlanFiltering?: boolean | undefined; vlanDefaultPvid?: number | undefined } {
  const info = host.route.find(getLink({ ifname: name }))?.linkinfo;
  return info?.kind === "bridge" ? (info.data ?? {}) : {};
}

const filtersVlans = (host: Side, name: string): boolean => vlansOf(host, name).vlanFiltering === true;

/** The VLAN that each new port of the bridge is put in; 0 for none. */
export const defaultVlan = (host: Side, name: string): number => vlansOf(host, name).vlanDefaultPvid ?? 0;

/** Makes something shared. @returns nothing when another call was faster, whose is as good as ours */
export function unlessThere(create: () => Undo): Undo | undefined {
  try {
    return create();
  } catch (error) {
    if (error instanceof KernelError && error.code === "EEXIST") return undefined;
    throw error;
  }
}

/** Makes the bridge. @returns how to take it back; nothing when another call was faster */
function create(host: Side, { name, mtu, vlanFiltering }: BridgeOptions): Undo | undefined {
  const bridge = createLink({
    ifname: name,
    address: ownMac(),
    flags: ["up"],
    change: ["up"],
    ...(mtu > 0 && { mtu }),
    linkinfo: { kind: "bridge", ...(vlanFiltering && { data: { vlanFiltering: true } }) },
  });
  try {
    return unlessThere(() =>
      undoable(
        () => host.route.do(bridge),
        () => deleteIfUnused(host, name),
      ),
    );
  } catch (error) {
    throw explained(error, vlanFiltering);
  }
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

/**
 * Whether what this call made for the bridge is of no use to anybody: the bridge has no port, and no other call is
 * about to give it one.
 * @param apart ports that do not count: those that this call made
 */
export function isUnused(host: Side, bridge: { readonly index: number }, ...apart: string[]): boolean {
  if (!host.isAlone()) return false;
  return host.route
    .list(listLinks({ master: bridge.index }))
    .every(({ ifname }) => apart.includes(ifname ?? ""));
}

function deleteIfUnused(host: Side, name: string): void {
  const link = host.route.find(getLinkSummary({ ifname: name }));
  if (link !== undefined && isUnused(host, link)) host.route.do(deleteLink({ index: link.index }));
}

/** Makes the bridge look at VLANs. @returns how to take it back; nothing when it does already */
function filterVlans(host: Side, { name, vlanFiltering }: BridgeOptions): Undo | undefined {
  if (!vlanFiltering || filtersVlans(host, name)) return undefined;
  const { index } = bridgeNamed(host, name);
  const filtering = (on: boolean) =>
    setLink({ index, linkinfo: { kind: "bridge", data: { vlanFiltering: on } } });
  try {
    return undoable(
      () => host.route.do(filtering(true)),
      () => {
        if (isUnused(host, { index })) host.route.do(filtering(false));
      },
    );
  } catch (error) {
    throw explained(error, true);
  }
}

/** A bridge that is there, up, and as promiscuous as it should be. */
export const bridge = (host: Side, options: BridgeOptions): Resource => ({
  describe: () => `bridge ${options.name}`,
  ensure: () =>
    allOrNothing((made) => {
      host.join();
      const existing = findBridge(host, options.name);
      const created = existing === undefined ? create(host, options) : undefined;
      const undo = created ?? filterVlans(host, options);
      if (undo !== undefined) made.remember(undo);
      const settings = [
        ignoringAdvertisements(options.name),
        ...(created === undefined ? [] : [withoutDetection(options.name)]),
      ];
      sysctls(host, settings).ensure();
      const link = existing ?? bridgeNamed(host, options.name);
      host.linkOf(options.name, () => link);
      const up = link.flags.includes("up");
      const promiscuous = !options.promiscuous || link.flags.includes("promisc");
      if (!up || !promiscuous) {
        const flags = ["up" as const, ...(options.promiscuous ? ["promisc" as const] : [])];
        host.route.do(setLink({ index: link.index, flags, change: flags }));
      }
      return undo;
    }),
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
