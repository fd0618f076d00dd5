/** What belongs to the containers of a host: links, leases, and elements of the firewall. */
import { expect } from "bun:test";
import type { Host } from "../host.ts";
import { elements as elementsOf, vethNames } from "../kernel.ts";
import type { Attachment } from "../network.ts";

const portMappings = [
  { hostPort: 8080, containerPort: 80, protocol: "tcp" },
  { hostPort: 8081, containerPort: 81, protocol: "udp", hostIP: "127.0.0.1" },
];
/** Ports that a container publishes. */
export const publishing = { runtimeConfig: { portMappings } };
/** Ports that another publishes beside it. */
export const publishingNext = {
  runtimeConfig: { portMappings: [{ hostPort: 9090, containerPort: 80, protocol: "tcp" }] },
};

const SETS = [
  "hostports4",
  "hostports6",
  "anyports4",
  "anyports6",
  "local4",
  "local6",
  "masquerade4",
  "masquerade6",
  "network4",
  "network6",
  "published4",
  "published6",
];

/** Whatever on a host belongs to one of its containers. */
export const belongings = (host: Host) => ({
  links: vethNames(host.namespace),
  leases: host.leases("flatnet"),
  elements: SETS.flatMap((set) => elementsOf(host.namespace, set)),
});

export const nothing = { links: [], leases: [], elements: [] };

/** What is there belongs to these containers, and to no other. */
export function expectOnly(host: Host, ...attachments: readonly Attachment[]): void {
  const left = belongings(host);
  expect(left.links.sort()).toEqual(attachments.map(({ hostLink }) => hostLink).sort());
  expect(left.leases).toEqual(attachments.map((each) => each.address()).sort());
  const owners = left.elements.map((element) => /, id: (\S+?), by: veth/.exec(element)?.[1]);
  expect([...new Set(owners)].sort()).toEqual(attachments.map(({ id }) => id).sort());
}
