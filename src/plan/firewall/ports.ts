/** Published ports: which address and port of the host lead to which of the container. */
import { familyOf } from "../../../netlink/wire/address.ts";
import { withoutPrefix } from "../../../netlink/wire/cidr.ts";
import { canonicalAddress } from "../../cni/address.ts";
import { CniError, codes } from "../../cni/error.ts";

export const protocols = { tcp: 6, udp: 17, sctp: 132 } as const;
export type Protocol = keyof typeof protocols;

/** One way in: the address and port on the host, and where it leads. Both addresses are of one family. */
export interface PublishedPort {
  readonly protocol: Protocol;
  /** Absent: every address of the host. */
  readonly hostAddress: string | undefined;
  readonly hostPort: number;
  readonly containerAddress: string;
  readonly containerPort: number;
}

/** A mapping as a runtime gives it (CNI conventions, `portMappings`). */
export interface PortMapping {
  readonly protocol: Protocol;
  readonly hostIP?: string | undefined;
  readonly hostPort: number;
  readonly containerPort: number;
}

const ANY = new Set(["0.0.0.0", "::"]);

/** The port as people write it: `127.0.0.1:8080/tcp`. */
export function portText({ hostAddress, hostPort, protocol, containerAddress }: PublishedPort): string {
  const any = familyOf(containerAddress) === 4 ? "0.0.0.0" : "::";
  const address = hostAddress ?? any;
  return `${address.includes(":") ? `[${address}]` : address}:${hostPort}/${protocol}`;
}

/**
 * What the mappings of a container with these addresses publish: without a host address in each family that the
 * container has, with one in that family only.
 * @param addresses the container's, with or without prefix length
 * @param unreachable told of a mapping whose host address is of a family that the container has no address of
 * @throws CniError when two mappings want the same port, and for an unreachable one unless `unreachable` is given
 */
export function publishedPorts(
  mappings: readonly PortMapping[],
  addresses: readonly string[],
  unreachable: (mapping: PortMapping, index: number) => void = refuseUnreachable,
): PublishedPort[] {
  const all: PublishedPort[] = [];
  for (const [index, mapping] of mappings.entries()) {
    const { protocol, hostPort, containerPort } = mapping;
    const hostIP = mapping.hostIP && canonicalAddress(mapping.hostIP);
    const targets = addresses
      .map(withoutPrefix)
      .filter((address) => hostIP === undefined || familyOf(address) === familyOf(hostIP));
    if (targets.length === 0) unreachable(mapping, index);
    const hostAddress = hostIP === undefined || ANY.has(hostIP) ? undefined : hostIP;
    // The first address of each family is the container's own; more of them get no traffic from outside.
    for (const family of [4, 6]) {
      const containerAddress = targets.find((address) => familyOf(address) === family);
      if (containerAddress !== undefined)
        all.push({ protocol, hostAddress, hostPort, containerAddress, containerPort });
    }
  }
  return eachOnce(all);
}

/** Leaves out what is said twice. @throws CniError when one port of the host is to lead to two of the container */
function eachOnce(ports: readonly PublishedPort[]): PublishedPort[] {
  const places = new Map<string, PublishedPort>();
  for (const port of ports) {
    const before = places.get(portText(port));
    if (before !== undefined && before.containerPort !== port.containerPort) throw twice(before, port);
    places.set(portText(port), port);
  }
  return [...places.values()];
}

function twice(before: PublishedPort, port: PublishedPort): CniError {
  return new CniError({
    code: codes.invalidConfig,
    operation: "publish the port",
    subject: portText(port),
    cause: `it is to lead to port ${before.containerPort} and to port ${port.containerPort} of the container`,
    hint: "publish one of them on another port",
  });
}

function refuseUnreachable({ hostIP, hostPort, protocol }: PortMapping): never {
  const family = hostIP ? `IPv${familyOf(canonicalAddress(hostIP))} ` : "";
  throw new CniError({
    code: codes.invalidConfig,
    operation: "publish the port",
    subject: `${hostIP || "*"} ${hostPort}/${protocol}`,
    cause: `the container has no ${family}address`,
    hint: hostIP ? "leave out hostIP, or add a range of that family" : "give the network an IPAM plugin",
  });
}
