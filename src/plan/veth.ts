/** The veth pair of an attachment: one end on the host, perhaps as a port of a bridge, the other in the container. */
import { KernelError } from "../../netlink/errors.ts";
import type { LinkSummary } from "../../netlink/route/link/summary.ts";
import { createLink, deleteLink, getLinkSummary, setLink } from "../../netlink/route/links.ts";
import { CniError, codes } from "../cni/error.ts";
import { bridgeIndex } from "./bridge.ts";
import { hostLinkName, isOwnerText, type Owner, ownerText } from "./owner.ts";
import { type Resource, undoable } from "./resource.ts";
import type { Side } from "./side.ts";

export interface VethOptions {
  readonly owner: Owner;
  /** The bridge that the host's end becomes a port of; undefined for none. */
  readonly bridge: string | undefined;
  /** Bytes, of both ends; 0 leaves it to the kernel. */
  readonly mtu: number;
  /** Link-layer address of the container's end; undefined for a random one. */
  readonly mac: string | undefined;
}

/** The container's end. @throws CniError when it is not there */
export function containerLink(container: Side, ifname: string): LinkSummary {
  const link = container.route.find(getLinkSummary({ ifname }));
  if (link !== undefined) return link;
  throw new CniError({
    code: codes.failed,
    operation: "find the interface",
    subject: ifname,
    cause: "it is not in the container",
    hint: "has it been deleted or renamed? DEL and ADD make it again",
  });
}

/** Its index. @throws CniError when it is not there */
export const containerIndex = (container: Side, ifname: string): number =>
  container.linkOf(ifname, () => containerLink(container, ifname)).index;

/** The host's end, known by its name and by the owner in its alias. */
function hostLink(host: Side, owner: Owner): LinkSummary | undefined {
  const link = host.route.find(getLinkSummary({ ifname: hostLinkName(owner) }));
  return link?.ifalias === ownerText(owner) ? link : undefined;
}

/** A bridge's port gets no IPv6 address of its own: nobody would use it. Kernels without IPv6 refuse to be told so. */
export const withoutLinkLocal = { afSpec: { inet6: { addrGenMode: "none" } } } as const;

/** Asks for the pair, and for its owner's name on it. @returns for each nothing, or the kernel's refusal */
function create(host: Side, container: Side, { owner, bridge, mtu, mac }: VethOptions) {
  const ifname = hostLinkName(owner);
  const port = bridge === undefined ? {} : { master: bridgeIndex(host, bridge) };
  const both = mtu > 0 ? { mtu } : {};
  // Born where it belongs: a link that is moved later is seen, and renamed, by udev and others.
  const peer = {
    ifname: owner.ifname,
    netNsFd: container.namespace!.fd,
    ...both,
    ...(mac && { address: mac }),
  };
  const pair = { ...both, flags: ["up"] as const, linkinfo: { kind: "veth", data: { peer } } as const };
  // In one datagram: no kill leaves a link between them that GC could not tell from those of other programs.
  return host.route.attempt([
    createLink({ ifname, ...port, ...pair }),
    setLink({ ifname, ifalias: ownerText(owner) }),
    ...(bridge === undefined ? [] : [setLink({ ifname, ...withoutLinkLocal })]),
  ]);
}

function taken(owner: Owner, cause: string, hint: string, details?: string): CniError {
  const subject = `${hostLinkName(owner)} and ${owner.ifname}`;
  return new CniError({
    code: codes.failed,
    operation: "create the veth pair",
    subject,
    cause,
    hint,
    details,
  });
}

/** What to tell when the name of an interface to be made is taken. */
export const nameTaken = (ifname: string) => ({
  cause: `the container has an interface ${ifname} already`,
  hint: "is it attached already? Call DEL first, or give another CNI_IFNAME",
});

function takenInContainer(owner: Owner, details?: string): CniError {
  const { cause, hint } = nameTaken(owner.ifname);
  return taken(owner, cause, hint, details);
}

/** Why the kernel made no pair, where its errno alone does not say. */
function explained(refusal: KernelError, { owner, mac, mtu }: VethOptions): unknown {
  const details = refusal.message;
  switch (refusal.code) {
    case "EEXIST":
      return takenInContainer(owner, details);
    case "EADDRNOTAVAIL":
      return taken(
        owner,
        `no interface can have the address ${mac}`,
        "give one that is not multicast",
        details,
      );
    case "EINVAL":
      return taken(owner, `an mtu of ${mtu} is too small`, "give one of 68 or more, 1280 for IPv6", details);
    default:
      return refusal;
  }
}

/**
 * Makes room for the host's end: an earlier ADD that was killed may have left it. The pair of a living container and
 * the links of others are left alone. @throws CniError when its name is theirs
 */
function clearName(host: Side, container: Side, owner: Owner): void {
  const name = hostLinkName(owner);
  const found = host.route.find(getLinkSummary({ ifname: name }));
  if (found === undefined) return;
  if (found.ifalias !== ownerText(owner))
    throw taken(owner, `the host has a link ${name} already, of another owner`, "delete or rename it");
  if (container.route.find(getLinkSummary({ ifname: owner.ifname })) !== undefined)
    throw takenInContainer(owner);
  removeLink(host, found);
}

function differences(host: Side, container: Side, { owner, bridge, mac }: VethOptions): string[] {
  const inner = container.route.find(getLinkSummary({ ifname: owner.ifname }));
  if (inner === undefined) return [`${owner.ifname} is not in the container`];
  if (inner.linkinfo?.kind !== "veth") return [`${owner.ifname} is not one end of a veth pair`];
  const outer = inner.link === undefined ? undefined : host.route.find(getLinkSummary({ index: inner.link }));
  if (outer === undefined) return ["the host's end is not there"];
  const differences: string[] = [];
  if (outer.link !== inner.index) differences.push(`${outer.ifname} is not the other end of ${owner.ifname}`);
  if (bridge !== undefined && outer.master !== bridgeIndex(host, bridge))
    differences.push(`${outer.ifname} is no port of ${bridge}`);
  if (mac !== undefined && inner.address !== mac)
    differences.push(`the address of ${owner.ifname} is ${inner.address}`);
  return differences;
}

/** Removes a link, unless it is gone by now. */
export function removeLink(side: Side, link: LinkSummary | undefined): void {
  if (link === undefined) return;
  try {
    side.route.do(deleteLink({ index: link.index }));
  } catch (error) {
    // Somebody else was faster, such as the end of the container's namespace.
    if (!(error instanceof KernelError) || error.code !== "ENODEV") throw error;
  }
}

/** The container's interface, unless it belongs to another of our attachments or is no veth: then it is not ours. */
function ownInterface(host: Side, container: Side, owner: Owner): LinkSummary | undefined {
  const inner = container.route.find(getLinkSummary({ ifname: owner.ifname }));
  if (inner?.linkinfo?.kind !== "veth" || inner.link === undefined) return undefined;
  const alias = host.route.find(getLinkSummary({ index: inner.link }))?.ifalias;
  return isOwnerText(alias) && alias !== ownerText(owner) ? undefined : inner;
}

/**
 * The pair. Removing either end removes both: the container's where the namespace is still there (a pair that other
 * plugins made has another name on the host), else the host's.
 */
export const vethPair = (host: Side, container: Side | undefined, options: VethOptions): Resource => {
  const { owner } = options;
  const remove = (): void =>
    removeLink(host, host.route.find(getLinkSummary({ ifname: hostLinkName(owner) })));
  return {
    describe: () => `veth pair ${hostLinkName(owner)} and ${owner.ifname}`,
    ensure() {
      clearName(host, container!, owner);
      return undoable(() => {
        const [refusal, unnamed] = create(host, container!, options);
        if (refusal !== undefined) throw explained(refusal, options);
        if (unnamed === undefined) return;
        remove();
        throw unnamed;
      }, remove);
    },
    check: () => differences(host, container!, options),
    remove() {
      const inner = container && ownInterface(host, container, owner);
      if (container !== undefined && inner !== undefined) removeLink(container, inner);
      else removeLink(host, hostLink(host, owner));
    },
  };
};
