/** The elements that an attachment has in the sets of the firewall: for its masquerading, and for its published ports. */
import { type Datatype, dataOf, type inetProto } from "../../../netlink/netfilter/datatype.ts";
import type { Element, ElementListInput } from "../../../netlink/netfilter/elements.ts";
import { networkRange } from "../../../netlink/netfilter/interval.ts";
import { familyOf } from "../../../netlink/wire/address.ts";
import { withoutPrefix } from "../../../netlink/wire/cidr.ts";
import { type PublishedPort, portText } from "./ports.ts";
import { type AnySet, type SetName, sets, TABLE } from "./sets.ts";

/** One element, and how to speak of it. */
export interface Entry {
  readonly set: AnySet;
  readonly key: { readonly value: Uint8Array };
  /** The last of the keys that it stands for, where these are several. */
  readonly keyEnd?: { readonly value: Uint8Array };
  readonly data?: { readonly value: Uint8Array };
  /** For messages: `port 0.0.0.0:8080/tcp`. */
  readonly subject: string;
}

/** A value of a type that is known by its set only. */
const encoded = (type: unknown, value: unknown) => dataOf(type as Datatype<unknown>, value);

const entry = (set: SetName, value: unknown, address: string): Entry => ({
  set,
  key: encoded(sets[set].key, value),
  subject: `address ${address}`,
});

/** An address with all those of its network, to which it goes as it is. */
function withNetwork(cidr: string, address: string): Entry {
  const set = `network${familyOf(address)}` as const;
  const [first, last] = networkRange(cidr);
  const keyEnd = encoded(sets[set].key, [address, last]);
  return { ...entry(set, [address, first], address), keyEnd };
}

/**
 * Traffic from these addresses is masqueraded where it leaves by another link than the one that leads to them.
 * @param addresses with the prefix lengths of their networks
 * @param routed the networks' other addresses are behind other links, and get it as it is
 */
export const masqueraded = (addresses: readonly string[], link: string, routed = false): Entry[] =>
  addresses.flatMap((cidr) => {
    const address = withoutPrefix(cidr);
    const family = familyOf(address);
    return [
      entry(`local${family}`, [address, link], address),
      entry(`masquerade${family}`, address, address),
      ...(routed ? [withNetwork(cidr, address)] : []),
    ];
  });

/** How ports lead to an address of a container. */
export interface Published {
  readonly ports: readonly PublishedPort[];
  /** The link of the host that leads to an address of the container. */
  linkTo(address: string): string | undefined;
  /** What could not be answered otherwise gets the host as its source: what comes by that link, or from loopback. */
  readonly snat: boolean;
  /** Everything does. */
  readonly hideAll?: boolean;
  /** The name behind the names of the sets that ports of a family have, when only some packets may find them. */
  readonly conditions?: { readonly [family in 4 | 6]?: string | undefined };
}

function portEntry(port: PublishedPort, { conditions }: Published): Entry {
  const { protocol, hostAddress, hostPort, containerAddress, containerPort } = port;
  const family = familyOf(containerAddress);
  const kind: SetName = `${hostAddress === undefined ? "anyports" : "hostports"}${family}`;
  const under = conditions?.[family];
  const place = [protocol satisfies Parameters<typeof inetProto.show>[0], hostPort];
  return {
    set: under === undefined ? kind : (`${kind}_${under}` as AnySet),
    key: encoded(sets[kind].key, hostAddress === undefined ? place : [hostAddress, ...place]),
    data: encoded(sets[kind].data, [containerAddress, containerPort]),
    subject: `port ${portText(port)}`,
  };
}

function addressEntries({ linkTo, snat, hideAll }: Published, address: string): Entry[] {
  const family = familyOf(address);
  const link = linkTo(address);
  if (!snat) return [];
  return [
    ...(link === undefined ? [] : [entry(`published${family}`, [address, link], address)]),
    ...(hideAll ? [entry(`hidden${family}`, address, address)] : []),
  ];
}

/** The published ports, and the addresses that they lead to. */
export function published(publishing: Published): Entry[] {
  const { ports } = publishing;
  const targets = new Set(ports.map(({ containerAddress }) => containerAddress));
  return [
    ...[...targets].flatMap((address) => addressEntries(publishing, address)),
    ...ports.map((port) => portEntry(port, publishing)),
  ];
}

/** Elements of one request: they have at most 400 bytes each, and all together 64 KiB. */
const TOGETHER = 150;

type Keyed = Pick<Entry, "set"> & Pick<Element, "key" | "keyEnd" | "data" | "userdata">;

/**
 * Elements as requests' bodies, those of a set together: the kernel answers each request of a transaction that it
 * refuses, and has room for 270 answers.
 */
export function asLists(elements: readonly Keyed[]): ElementListInput[] {
  const bySet = Map.groupBy(elements, ({ set }) => set);
  return [...bySet].flatMap(([set, all]) => {
    const lists: ElementListInput[] = [];
    for (let start = 0; start < all.length; start += TOGETHER) {
      const some = all.slice(start, start + TOGETHER).map(({ set: _, ...element }) => element);
      lists.push({ ...TABLE, set, elements: some });
    }
    return lists;
  });
}
