/** The demo's own world, made by netlink: this process's namespaces are the host's, others are outside and containers. */
import { openRoute } from "../netlink/route/index.ts";
import { createNamespace, currentNamespace, type Namespace } from "../netlink/socket/namespace.ts";
import { nameNamespace, removeNamespaceName } from "../netlink/socket/namespace-name.ts";
import { NamespacePlace } from "./place.ts";
import { CONTAINER_PORT, OUTSIDE_PORT } from "./scene.ts";

/** The ends of the cable between the host and the neighbour outside (RFC 5737: addresses for examples). */
export const hostAddress = "192.0.2.1";
export const outsideAddress = "192.0.2.2";
const UPLINK = "uplink0";

function setUp(namespace: Namespace, ifname: string, address?: string): void {
  using route = openRoute({ namespace });
  route.link.set({ ifname, flags: ["up"] });
  const { index } = route.link.get({ ifname });
  if (address !== undefined) route.address.add({ index, address, prefixlen: 24 });
}

/** The host, which is where this process is, and a neighbour at the other end of a cable, who answers. */
export function makeWorld(): { host: NamespacePlace; outside: NamespacePlace } {
  const host = new NamespacePlace("the host", currentNamespace());
  const outside = new NamespacePlace("outside", createNamespace());
  {
    using route = openRoute();
    const peer = { ifname: UPLINK, netNsFd: outside.namespace.fd };
    route.link.create({ ifname: UPLINK, linkinfo: { kind: "veth", data: { peer } } });
  }
  for (const { namespace } of [host, outside]) setUp(namespace, "lo");
  setUp(host.namespace, UPLINK, hostAddress);
  setUp(outside.namespace, UPLINK, outsideAddress);
  outside.serve(OUTSIDE_PORT);
  return { host, outside };
}

/** A container, as far as a network knows it: a namespace with a name and loopback, in which somebody answers. */
export class Sandbox {
  readonly netns: string;
  readonly place: NamespacePlace;

  constructor(name: string) {
    this.netns = `/run/netns/${name}`;
    this.place = new NamespacePlace(name, createNamespace());
    nameNamespace(this.place.namespace, this.netns);
    setUp(this.place.namespace, "lo");
    this.place.serve(CONTAINER_PORT);
  }

  /** As the end of its last process. */
  end(): void {
    removeNamespaceName(this.netns);
    this.place.namespace.close();
  }
}
