/** UDP flows that the kernel translated before a port was published, or still does after it was withdrawn. */

import { forgetConnections } from "../../../netlink/netfilter/conntrack.ts";
import type { Data } from "../../../netlink/netfilter/data.ts";
import { type Datatype, valueIn } from "../../../netlink/netfilter/datatype.ts";
import { familyOf } from "../../../netlink/wire/address.ts";
import type { Resource } from "../resource.ts";
import type { Side } from "../side.ts";
import { ifThere } from "./absent.ts";
import { type PublishedPort, portText, protocols } from "./ports.ts";
import { type AnySet, kindOf, sets } from "./sets.ts";

/** A port of the host, as far as it says which flows were sent to it. */
export interface HostPort {
  readonly family: 4 | 6;
  readonly protocol: string | number;
  readonly hostAddress: string | undefined;
  readonly hostPort: number;
}

/** The host's port under the key of an element; undefined where the set has no ports. */
export function portIn(set: AnySet, key: Data): HostPort | undefined {
  const kind = kindOf(set);
  if (!kind.includes("ports")) return undefined;
  const parts = valueIn(sets[kind].key as Datatype<unknown> as Datatype<readonly (string | number)[]>, key);
  const [protocol, hostPort] = parts.slice(-2) as [string | number, number];
  const hostAddress = parts.length === 3 ? (parts[0] as string) : undefined;
  return { family: kind.endsWith("4") ? 4 : 6, protocol, hostAddress, hostPort };
}

/** TCP and SCTP clients open a new connection by themselves; a UDP flow goes on to the old place as long as it lasts. */
const isUdp = ({ protocol }: Pick<HostPort, "protocol">): boolean => protocol === "udp";

/** From so many ports on, listing all UDP flows once is less work than asking for those of each port. */
const MANY = 8;

const toPort = ({ hostAddress, hostPort }: HostPort) => ({
  protocol: protocols.udp,
  destinationPort: hostPort,
  ...(hostAddress !== undefined && { destination: hostAddress }),
});

/** Forgets the flows that were sent to the UDP ports among these. A kernel that tracks none is fine. */
export function forgetFlows(host: Side, ports: readonly HostPort[]): void {
  for (const family of ["ip", "ip6"] as const) {
    const udp = ports.filter((port) => isUdp(port) && (family === "ip") === (port.family === 4));
    if (udp.length > MANY) {
      const wanted = udp.map(({ hostAddress, hostPort }) => `${hostAddress ?? ""} ${hostPort}`);
      const all = new Set(wanted);
      ifThere(() =>
        forgetConnections(
          host.netfilter,
          { original: { protocol: protocols.udp } },
          {
            family,
            only: ({ destination, destinationPort }) =>
              all.has(` ${destinationPort}`) || all.has(`${destination} ${destinationPort}`),
          },
        ),
      );
    } else
      for (const port of udp)
        ifThere(() => forgetConnections(host.netfilter, { original: toPort(port) }, { family }));
  }
}

/** Forgets the flows to newly published UDP ports. Those to withdrawn ones go with their elements (found.ts). */
export function staleFlows(host: Side, ports: readonly PublishedPort[]): Resource[] {
  const udp = ports.filter(isUdp);
  if (udp.length === 0) return [];
  return [
    {
      describe: () => `no stale flows to ${udp.map(portText).join(", ")}`,
      ensure() {
        forgetFlows(
          host,
          udp.map((port) => ({ ...port, family: familyOf(port.containerAddress) })),
        );
        return undefined;
      },
      check: () => [],
      remove: () => undefined,
    },
  ];
}
