/** VLANs of bridge ports, and the gateway's own device in a VLAN. */
import type { Request } from "../../netlink/message/request.ts";
import { addBridgeVlans, deleteBridgeVlans, listBridgeLinks } from "../../netlink/route/bridge-links.ts";
import { createLink, deleteLink, getLinkSummary, setLink } from "../../netlink/route/links.ts";
import { isInterfaceName } from "../cni/names.ts";
import { randomHex } from "../sys/random.ts";
import { bridgeNamed, defaultVlan, isUnused, unlessThere } from "./bridge.ts";
import { hashOf, hostLinkName, type Owner } from "./owner.ts";
import { allOrNothing, type Resource, type Undo, undoable } from "./resource.ts";
import type { Side } from "./side.ts";
import { ignoringAdvertisements, sysctls, withoutDetection } from "./sysctls.ts";
import { withoutLinkLocal } from "./veth.ts";

export interface PortVlans {
  /** The VLAN of untagged traffic, 1 to 4094. */
  readonly untagged: number;
  /** VLANs whose traffic keeps its tag. */
  readonly tagged: readonly number[];
  /** The gateway has a device of its own in the VLAN (`vlanGatewayName`). */
  readonly gatewayDevice: boolean;
  /** Keep the VLANs that the bridge itself gave the port. */
  readonly keepDefault: boolean;
}

type VlanInfo = NonNullable<Parameters<typeof addBridgeVlans>[1]["vlanInfo"]>[number];

const UNTAGGED: VlanInfo["flags"] = ["pvid", "untagged"];

const wantedVlans = ({ untagged, tagged }: PortVlans): VlanInfo[] => [
  { vid: untagged, flags: UNTAGGED },
  ...tagged.filter((vid) => vid !== untagged).map((vid) => ({ vid, flags: [] })),
];

/** Requests to put a port in VLANs: one a VLAN, since the kernel takes several in one only as ranges. */
const additions = (index: number, vlans: readonly VlanInfo[]): Request[] =>
  vlans.map((info) => addBridgeVlans(index, { flags: ["master"], vlanInfo: [info] }));

/** Takes a new port out of the VLAN that its bridge has put it in, unless it is to be there. */
function departure(host: Side, index: number, bridge: string, wanted: readonly VlanInfo[]): Request[] {
  const vid = defaultVlan(host, bridge);
  if (vid === 0 || wanted.some((info) => info.vid === vid)) return [];
  return [deleteBridgeVlans(index, { flags: ["master"], vlanInfo: [{ vid, flags: [] }] })];
}

/** Puts a new port of the bridge in its VLANs. @throws KernelError */
function join(host: Side, index: number, bridge: string, vlans: PortVlans): void {
  const wanted = wantedVlans(vlans);
  const leaving = vlans.keepDefault ? [] : departure(host, index, bridge, wanted);
  for (const request of [...leaving, ...additions(index, wanted)]) host.route.do(request);
}

/** How a port treats a VLAN, in words. */
function shown({ flags }: Pick<VlanInfo, "flags">): string {
  const [entering, leaving] = UNTAGGED.map((flag) => flags.includes(flag));
  if (entering === leaving) return entering ? "untagged" : "tagged";
  return `untagged ${entering ? "when it comes in" : "when it goes out"} only`;
}

/** How the VLANs that a port has differ from those that it should have. */
function differencesOf(found: readonly VlanInfo[], vlans: PortVlans): string[] {
  const wanted = wantedVlans(vlans);
  const different = wanted.flatMap((info) => {
    const has = found.find(({ vid }) => vid === info.vid);
    if (has === undefined) return [`VLAN ${info.vid} is missing`];
    return shown(has) === shown(info) ? [] : [`VLAN ${info.vid} is ${shown(has)}`];
  });
  const strange = vlans.keepDefault
    ? []
    : found.filter(({ vid }) => !wanted.some((info) => info.vid === vid));
  return [...different, ...strange.map(({ vid }) => `VLAN ${vid} is one too many`)];
}

const portIndex = (host: Side, owner: Owner): number =>
  host.route.get(getLinkSummary({ ifname: hostLinkName(owner) })).index;

/** The VLANs of an attachment's port. They go with its link. */
export const portVlans = (host: Side, owner: Owner, bridge: string, vlans: PortVlans): Resource => ({
  describe: () => `VLANs ${[vlans.untagged, ...vlans.tagged].join(", ")} of ${hostLinkName(owner)}`,
  ensure() {
    join(host, portIndex(host, owner), bridge, vlans);
    return undefined;
  },
  check() {
    const index = portIndex(host, owner);
    const ports = host.route.list(listBridgeLinks({ extMask: ["brvlan"] }));
    return differencesOf(ports.find((port) => port.index === index)?.afSpec?.vlanInfo ?? [], vlans);
  },
  remove: () => undefined,
});

/**
 * The name of the gateway's device in a VLAN of a bridge: `<bridge>.<vlan>`, and where the kernel would not take so long
 * a name `br<hash of the bridge's>.<vlan>`.
 */
export function vlanGatewayName(bridge: string, vlan: number): string {
  const name = `${bridge}.${vlan}`;
  return isInterfaceName(name) ? name : `br${hashOf(bridge)}.${vlan}`;
}

interface VlanGatewayOptions {
  readonly bridge: string;
  /** Those of the ports that it is the gateway of. */
  readonly vlans: PortVlans;
  /** The port of the bridge that it is made for. */
  readonly first: string;
}

/**
 * A veth pair in the host, one end a port of the bridge in the VLAN, the other the gateway's. Shared: it stays. The
 * gateway's end is set up last: one that is down was left by a call that was killed, or is about to be completed.
 */
export const vlanGateway = (host: Side, { bridge, vlans, first }: VlanGatewayOptions): Resource => {
  const name = vlanGatewayName(bridge, vlans.untagged);
  const find = () => host.route.find(getLinkSummary({ ifname: name }));
  const create = (): Undo => {
    const port = `veth${randomHex(4)}`;
    const { index: master, mtu = 0 } = bridgeNamed(host, bridge);
    const both = { mtu };
    // The kernel sets no peer up with the pair (ENOTCONN).
    const peer = { ifname: name, ...both };
    const up = { flags: ["up" as const] };
    const pair = createLink({
      ifname: port,
      master,
      ...both,
      ...up,
      linkinfo: { kind: "veth", data: { peer } },
    });
    return undoable(
      () => host.route.do(pair),
      () => {
        if (isUnused(host, { index: master }, port, first))
          host.route.attempt([deleteLink({ ifname: port })]);
      },
    );
  };
  const complete = (): void => {
    const link = find();
    if (link?.linkinfo?.kind !== "veth" || link.flags.includes("up")) return;
    const port = host.route.get(getLinkSummary({ index: link.link! }));
    host.route.attempt([setLink({ index: port.index, ...withoutLinkLocal })]);
    sysctls(host, [
      ignoringAdvertisements(port.ifname!),
      ignoringAdvertisements(name),
      withoutDetection(name),
    ]).ensure();
    join(host, port.index, bridge, { ...vlans, tagged: [] });
    host.route.do(setLink({ index: link.index, flags: ["up"], change: ["up"] }));
  };
  return {
    describe: () => `gateway device ${name}`,
    ensure: () =>
      allOrNothing((made) => {
        const undo = find() === undefined ? unlessThere(create) : undefined;
        if (undo !== undefined) made.remember(undo);
        complete();
        return undo;
      }),
    check() {
      const link = find();
      if (link === undefined) return ["it is not there"];
      return link.flags.includes("up") ? [] : ["it is down"];
    },
    remove: () => undefined,
  };
};
