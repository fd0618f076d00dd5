/** UDP flows that the kernel translated before a port was published, or still does after it was withdrawn. */
import { forgetConnections } from "../../../netlink/netfilter/conntrack.ts";
import type { Resource } from "../resource.ts";
import type { Side } from "../side.ts";
import { ifThere } from "./absent.ts";
import { type PublishedPort, portText, protocols } from "./ports.ts";

/** TCP and SCTP clients open a new connection by themselves; a UDP flow goes on to the old place as long as it lasts. */
const isUdp = ({ protocol }: PublishedPort): boolean => protocol === "udp";

/** Forgets the flows to the published UDP ports, once the rules are as they should be. */
export function staleFlows(host: Side, ports: readonly PublishedPort[]): Resource[] {
  const udp = ports.filter(isUdp);
  if (udp.length === 0) return [];
  const forget = (): void => {
    for (const { hostAddress, hostPort } of udp) {
      const destination = hostAddress === undefined ? {} : { destination: hostAddress };
      forgetConnections(host.netfilter, {
        original: { protocol: protocols.udp, destinationPort: hostPort, ...destination },
      });
    }
  };
  return [
    {
      describe: () => `no stale flows to ${udp.map(portText).join(", ")}`,
      ensure: () => void ifThere(forget),
      check: () => [],
      remove: () => void ifThere(forget),
    },
  ];
}
