/** An interface that is made in the container's namespace, with its own name from the start. */
import type { KernelError } from "../../../netlink/errors.ts";
import type { LinkSummary } from "../../../netlink/route/link/summary.ts";
import { createLink, getLink, getLinkSummary, type Link, setLink } from "../../../netlink/route/links.ts";
import { CniError, codes } from "../../cni/error.ts";
import { type KindOfLink, kindHint, kindWord } from "../kinds.ts";
import { isOwnerText, type Owner, ownerText } from "../owner.ts";
import { allOrNothing, type Resource, undoable } from "../resource.ts";
import type { Side } from "../side.ts";
import { nameTaken, removeLink } from "../veth.ts";
import { masterLink } from "./master.ts";

/** The link on which the interface is made. */
export interface Master {
  /** The link of the default route where there is no name. */
  readonly name: string | undefined;
  /** It is in the container too, and not on the host. */
  readonly inContainer: boolean;
  /** The interface's MTU must not be larger. */
  readonly limitsMtu: boolean;
}

/** The master by the keys that all plugins have for it. */
export const masterBy = (
  { master, linkInContainer }: { readonly master?: string | undefined; readonly linkInContainer: boolean },
  limitsMtu: boolean,
): Master => ({ name: master, inContainer: linkInContainer, limitsMtu });

export interface LinkedOptions {
  readonly owner: Owner;
  /** Kind, and what is particular to it. */
  readonly linkinfo: KindOfLink;
  /** Absent for a link that stands alone. */
  readonly master?: Master | undefined;
  /** Bytes; 0 leaves it to the kernel. */
  readonly mtu: number;
  /** Link-layer address; undefined leaves it to the kernel. */
  readonly mac: string | undefined;
}

/** The sides that have the link and its master; the same one twice where both are in the container. */
export interface Places {
  readonly host: Side;
  readonly container: Side;
}

const masterSide = ({ host, container }: Places, { inContainer }: Master): Side =>
  inContainer ? container : host;

function refused(
  { owner, linkinfo }: LinkedOptions,
  cause: string,
  hint?: string,
  details?: string,
): CniError {
  return new CniError({
    code: codes.failed,
    operation: `create the ${kindWord(linkinfo.kind)} link`,
    subject: owner.ifname,
    cause,
    hint,
    details,
  });
}

/** What to do where the kernel's errno has more to it than its words say. */
export function explained(refusal: KernelError, container: Side, options: LinkedOptions): CniError {
  const { owner, linkinfo, mac } = options;
  const { code, said, message } = refusal;
  const taken = () => container.route.find(getLinkSummary({ ifname: owner.ifname })) !== undefined;
  if (code === "EEXIST" && taken()) {
    const { cause, hint } = nameTaken(owner.ifname);
    return refused(options, cause, hint, message);
  }
  const [cause, hint] = (
    {
      EEXIST: ["its master has such a link already", "give another one, or delete that link"],
      EOPNOTSUPP: [`this kernel has no links of the kind ${linkinfo.kind}`, kindHint(linkinfo.kind!)],
      EADDRNOTAVAIL: [`no interface can have the address ${mac}`, "give one that is not multicast"],
      EBUSY: [
        "the master is in use in a way that leaves no room for it",
        "give another master: a link cannot be a bridge's port, or have macvlan and ipvlan links, at the same time",
      ],
      EINVAL: [
        said || "the kernel does not take it",
        options.master ? "see mtu, mac and mode, and what is on the master already" : "see mtu and mac",
      ],
    } as Readonly<Record<string, [string, string]>>
  )[code] ?? [said || code, undefined];
  return refused(options, cause, hint, message);
}

/** Where the link is made, and on what. @throws CniError when the master is not there, or too small */
function masterOf(places: Places, options: LinkedOptions): { side: Side; link?: number } {
  const { master, mtu } = options;
  if (master === undefined) return { side: places.container };
  const side = masterSide(places, master);
  const link = masterLink(side, master.name);
  if (master.limitsMtu && link.mtu !== undefined && mtu > link.mtu) {
    const cause = `an mtu of ${mtu} is larger than that of the master ${link.ifname}, ${link.mtu}`;
    throw refused(options, cause, `give one up to ${link.mtu}, or 0 for the master's`);
  }
  return { side, link: link.index };
}

function create(places: Places, options: LinkedOptions): void {
  const { owner, linkinfo, mtu, mac } = options;
  const { ifname } = owner;
  const { container } = places;
  const { side, link } = masterOf(places, options);
  const [refusal] = side.route.attempt([
    createLink({
      ifname,
      ...(link !== undefined && { link }),
      // Born where it belongs: a link that is moved later is seen, and renamed, by udev and others.
      ...(side !== container && { netNsFd: container.namespace!.fd }),
      ...(mtu > 0 && { mtu }),
      ...(mac && { address: mac }),
      linkinfo,
    }),
  ]);
  if (refusal !== undefined) throw explained(refusal, container, options);
}

/** The interface, unless it is of another kind or of another of our attachments. */
export function ownInterface(container: Side, owner: Owner, kind: string): LinkSummary | undefined {
  const link = container.route.find(getLinkSummary({ ifname: owner.ifname }));
  if (link?.linkinfo?.kind !== kind) return undefined;
  return isOwnerText(link.ifalias) && link.ifalias !== ownerText(owner) ? undefined : link;
}

/** The owner's name on the interface: a DEL of another attachment leaves it alone. */
export const nameOwner = (container: Side, owner: Owner): void =>
  container.route.do(setLink({ ifname: owner.ifname, ifalias: ownerText(owner) }));

/** What a kind has of its own, where it is not as wanted. */
function kindDifferences(found: Link, { linkinfo }: LinkedOptions): string[] {
  const data = (found.linkinfo?.data ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(linkinfo.data ?? {})
    .filter(([key, value]) => String(data[key]) !== String(value))
    .map(([key, value]) => `its ${key} is ${data[key]}, not ${value}`);
}

function masterDifferences(found: Link, places: Places, master: Master | undefined): string[] {
  // The default route may lead elsewhere by now.
  if (master?.name === undefined) return [];
  const { index } = masterLink(masterSide(places, master), master.name);
  const here = found.linkNetnsid === undefined;
  return found.link === index && here === master.inContainer ? [] : [`${master.name} is not its master`];
}

/** How the interface is not as wanted. */
export function linkDifferences(places: Places, options: LinkedOptions): string[] {
  const { owner, linkinfo, mtu, mac } = options;
  const found = places.container.route.find(getLink({ ifname: owner.ifname, extMask: ["skipStats"] }));
  if (found === undefined) return ["it is not in the container"];
  if (found.linkinfo?.kind !== linkinfo.kind)
    return [`it is not of this kind but ${found.linkinfo?.kind ?? "of another"}`];
  return [
    ...kindDifferences(found, options),
    ...masterDifferences(found, places, options.master),
    ...(mac === undefined || found.address === mac ? [] : [`its address is ${found.address}, not ${mac}`]),
    ...(mtu === 0 || found.mtu === mtu ? [] : [`its mtu is ${found.mtu}, not ${mtu}`]),
  ];
}

/** Removing it needs neither its master nor the configuration it was made by. */
export const linkedInterface = (
  host: Side,
  container: Side | undefined,
  options: LinkedOptions,
): Resource => {
  const { owner, linkinfo } = options;
  const remove = (): void => {
    if (container !== undefined) removeLink(container, ownInterface(container, owner, linkinfo.kind!));
  };
  return {
    describe: () => `${linkinfo.kind} link ${owner.ifname}`,
    ensure: () =>
      allOrNothing((made) => {
        const undo = undoable(() => create({ host, container: container! }, options), remove);
        made.remember(undo);
        nameOwner(container!, owner);
        return undo;
      }),
    check: () => linkDifferences({ host, container: container! }, options),
    remove,
  };
};
