/** The veth pair of an attachment: one end a port of the bridge, the other in the container. */
import { KernelError } from "../../netlink/errors.ts";
import type { LinkSummary } from "../../netlink/route/link/summary.ts";
import { createLink, deleteLink, getLinkSummary } from "../../netlink/route/links.ts";
import { CniError, codes } from "../cni/error.ts";
import { bridgeIndex } from "./bridge.ts";
import { hostLinkName, type Owner, ownerText } from "./owner.ts";
import type { Resource } from "./resource.ts";
import type { Side } from "./side.ts";

export interface VethOptions {
  readonly owner: Owner;
  /** The bridge that the host's end becomes a port of. */
  readonly bridge: string;
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
  container.indexOf(ifname, () => containerLink(container, ifname));

/** The host's end, known by its name and by the owner in its alias. */
function hostLink(host: Side, owner: Owner): LinkSummary | undefined {
  const link = host.route.find(getLinkSummary({ ifname: hostLinkName(owner) }));
  return link?.ifalias === ownerText(owner) ? link : undefined;
}

function create(host: Side, container: Side, { owner, bridge, mtu, mac }: VethOptions): void {
  const master = bridgeIndex(host, bridge);
  const both = mtu > 0 ? { mtu } : {};
  host.route.do(
    createLink({
      ifname: hostLinkName(owner),
      master,
      ...both,
      flags: ["up"],
      change: ["up"],
      linkinfo: {
        kind: "veth",
        data: {
          // Born where it belongs: a link that is moved later is seen, and renamed, by udev and others.
          peer: {
            ifname: owner.ifname,
            netNsFd: container.namespace!.fd,
            ...both,
            ...(mac && { address: mac }),
          },
        },
      },
    }),
  );
}

/** Why a pair could not be made: which of the two names is taken. */
function taken(error: unknown, container: Side, owner: Owner): unknown {
  if (!(error instanceof KernelError) || error.code !== "EEXIST") return error;
  const inContainer = container.route.find(getLinkSummary({ ifname: owner.ifname })) !== undefined;
  const name = inContainer ? owner.ifname : hostLinkName(owner);
  return new CniError(
    {
      code: codes.failed,
      operation: "create the veth pair",
      subject: `${hostLinkName(owner)} and ${owner.ifname}`,
      cause: inContainer
        ? `the container has an interface ${name} already`
        : `the host has a link ${name} already, of another owner`,
      hint: inContainer
        ? "is it attached already? Call DEL first, or give another CNI_IFNAME"
        : "delete or rename it",
      details: error.message,
    },
    { cause: error },
  );
}

/** Removes the host's end of an earlier call that was killed; the pair in a living container is left alone. */
function removeLeftover(host: Side, container: Side, owner: Owner): boolean {
  const leftover = hostLink(host, owner);
  if (leftover === undefined || container.route.find(getLinkSummary({ ifname: owner.ifname })) !== undefined)
    return false;
  host.route.do(deleteLink({ index: leftover.index }));
  return true;
}

function differences(host: Side, container: Side, { owner, bridge, mac }: VethOptions): string[] {
  const inner = container.route.find(getLinkSummary({ ifname: owner.ifname }));
  if (inner === undefined) return [`${owner.ifname} is not in the container`];
  if (inner.linkinfo?.kind !== "veth") return [`${owner.ifname} is not one end of a veth pair`];
  const outer = inner.link === undefined ? undefined : host.route.find(getLinkSummary({ index: inner.link }));
  if (outer === undefined) return ["the host's end is not there"];
  const differences: string[] = [];
  if (outer.link !== inner.index) differences.push(`${outer.ifname} is not the other end of ${owner.ifname}`);
  if (outer.master !== bridgeIndex(host, bridge)) differences.push(`${outer.ifname} is no port of ${bridge}`);
  if (mac !== undefined && inner.address !== mac)
    differences.push(`the address of ${owner.ifname} is ${inner.address}`);
  return differences;
}

function removeLink(side: Side, link: LinkSummary | undefined): boolean {
  if (link === undefined) return false;
  try {
    side.route.do(deleteLink({ index: link.index }));
  } catch (error) {
    // Somebody else was faster, such as the end of the container's namespace.
    if (!(error instanceof KernelError) || error.code !== "ENODEV") throw error;
  }
  return true;
}

/**
 * The pair. Removing either end removes both: the container's where the namespace is still there (a pair that other
 * plugins made has another name on the host), else the host's.
 */
export const vethPair = (host: Side, container: Side | undefined, options: VethOptions): Resource => ({
  describe: () => `veth pair ${hostLinkName(options.owner)} and ${options.owner.ifname}`,
  ensure() {
    const { owner } = options;
    try {
      create(host, container!, options);
    } catch (error) {
      const again =
        error instanceof KernelError && error.code === "EEXIST" && removeLeftover(host, container!, owner);
      if (!again) throw taken(error, container!, owner);
      create(host, container!, options);
    }
    return () => void removeLink(host, host.route.find(getLinkSummary({ ifname: hostLinkName(owner) })));
  },
  check: () => differences(host, container!, options),
  remove() {
    const inner = container?.route.find(getLinkSummary({ ifname: options.owner.ifname }));
    if (container === undefined || !removeLink(container, inner))
      removeLink(host, hostLink(host, options.owner));
  },
});
