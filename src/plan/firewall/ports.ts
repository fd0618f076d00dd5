/** Published ports: which address and port of the host lead to which of the container. */
import { familyOf } from "../../../netlink/wire/address.ts";
import { withoutPrefix } from "../../../netlink/wire/cidr.ts";
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
 * @throws CniError when a mapping's host address is of a family that the container has no address of
 */
export function publishedPorts(
  mappings: readonly PortMapping[],
  addresses: readonly string[],
): PublishedPort[] {
  return mappings.flatMap(({ protocol, hostIP, hostPort, containerPort }) => {
    const targets = addresses
      .map(withoutPrefix)
      .filter((address) => hostIP === undefined || familyOf(address) === familyOf(hostIP));
    if (targets.length === 0) throw noTarget(hostIP, hostPort, protocol);
    const hostAddress = hostIP === undefined || ANY.has(hostIP) ? undefined : hostIP;
    // The first address of each family is the container's own; more of them get no traffic from outside.
    const first = targets.filter(
      (address, index) => targets.findIndex((t) => familyOf(t) === familyOf(address)) === index,
    );
    return first.map((containerAddress) => ({
      protocol,
      hostAddress,
      hostPort,
      containerAddress,
      containerPort,
    }));
  });
}

function noTarget(hostIP: string | undefined, hostPort: number, protocol: Protocol): CniError {
  const family = hostIP === undefined ? "" : `IPv${familyOf(hostIP)} `;
  return new CniError({
    code: codes.invalidConfig,
    operation: "publish the port",
    subject: `${hostIP ?? "*"} ${hostPort}/${protocol}`,
    cause: `the container has no ${family}address`,
    hint:
      hostIP === undefined
        ? "give the network an IPAM plugin"
        : "leave out hostIP, or add a range of that family",
  });
}
