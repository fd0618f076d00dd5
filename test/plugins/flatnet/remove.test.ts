/** DEL and GC: what is taken away, what stays for others, and that nothing is too far gone to be taken away. */
import { expect } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { needs } from "../../needs.ts";
import { Host } from "../host.ts";
import { addresses, elements as elementsOf, program, vethNames } from "../kernel.ts";
import type { Attachment } from "../network.ts";
import { dualStack, flatnet } from "./configuration.ts";

const live = needs("namespaces", "program:ip", "program:nft");

const portMappings = [
  { hostPort: 8080, containerPort: 80, protocol: "tcp" },
  { hostPort: 8081, containerPort: 81, protocol: "udp", hostIP: "127.0.0.1" },
];
const publishing = { runtimeConfig: { portMappings } };
const publishingNext = {
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
];

/** Whatever on a host belongs to one of its containers. */
const belongings = (host: Host) => ({
  links: vethNames(host.namespace),
  leases: host.leases("flatnet"),
  elements: SETS.flatMap((set) => elementsOf(host.namespace, set)),
});

const nothing = { links: [], leases: [], elements: [] };

/** The same for one container by what its elements and lease say. */
function expectOnly(host: Host, ...attachments: readonly Attachment[]): void {
  const left = belongings(host);
  expect(left.links.sort()).toEqual(attachments.map(({ hostLink }) => hostLink).sort());
  expect(left.leases).toEqual(attachments.map((each) => each.address()).sort());
  const owners = left.elements.map((element) => / (\S+) eth0 veth/.exec(element)?.[1]);
  expect([...new Set(owners)].sort()).toEqual(attachments.map(({ id }) => id).sort());
}

live.describe("DEL", () => {
  live.test("takes all that belongs to the container, and leaves what all share", () => {
    using host = new Host();
    const web = host.network(flatnet(dualStack)).add("web", publishing);
    expect(belongings(host).elements).toHaveLength(7);
    web.del();
    expect(belongings(host)).toEqual(nothing);
    expect(vethNames(web.namespace)).toEqual([]);
    expect(addresses(host.namespace, "flatnet-br0")).toEqual(["10.87.1.1/24", "fd00:87:1::1/64"]);
  });

  live.test("leaves the neighbours as they are", () => {
    using host = new Host();
    const network = host.network(flatnet());
    const [web, shop] = [network.add("web", publishing), network.add("shop", publishingNext)];
    web.del();
    expectOnly(host, shop);
    shop.check();
  });

  live.test("may come twice, and before any ADD", () => {
    using host = new Host();
    const network = host.network(flatnet());
    const web = network.add("web", publishing);
    web.del();
    web.del();
    network.container("nobody").del();
    expect(belongings(host)).toEqual(nothing);
  });

  live.test("comes on a host that never had a network", () => {
    using host = new Host();
    host.network(flatnet()).container("nobody", publishing).del();
    expect(host.files()).toEqual({});
    expect(program(host.namespace, "nft", "list", "ruleset")).toBe("");
  });

  live.test("takes all although the namespace has vanished", () => {
    using host = new Host();
    const web = host.network(flatnet(dualStack)).add("web", publishing);
    host.end(web.namespace);
    web.del();
    expect(belongings(host)).toEqual(nothing);
  });

  live.test("takes all although the namespace is still there and not said", () => {
    using host = new Host();
    const network = host.network(flatnet(dualStack));
    const web = network.add("web", publishing);
    const { namespace } = web;
    network.container("web", { namespace, netns: "", ...publishing }).del();
    expect(belongings(host)).toEqual(nothing);
  });

  live.test("takes all although the interface has been deleted or renamed", () => {
    using host = new Host();
    const network = host.network(flatnet());
    const [web, shop] = [network.add("web", publishing), network.add("shop", publishingNext)];
    program(web.namespace, "ip", "link", "delete", "eth0");
    program(shop.namespace, "ip", "link", "set", "eth0", "down", "name", "eth9");
    web.del();
    shop.del();
    expect(belongings(host)).toEqual(nothing);
  });

  live.test("takes all without the result of ADD", () => {
    using host = new Host();
    const web = host.network(flatnet(dualStack)).add("web", publishing);
    web.forget();
    web.del();
    expect(belongings(host)).toEqual(nothing);
  });

  live.test("takes all without the port mappings, with or without the result", () => {
    using host = new Host();
    const network = host.network(flatnet());
    const [web, shop] = [network.add("web", publishing), network.add("shop", publishingNext)];
    const later = (of: Attachment): Attachment => network.container(of.id, { namespace: of.namespace });
    later(web).del();
    expectOnly(host, shop);
    const again = later(shop);
    again.remember(shop.result);
    again.del();
    expect(belongings(host)).toEqual(nothing);
  });

  live.test("leaves an interface that is another attachment's, after an ADD that was refused for it", () => {
    using host = new Host();
    const network = host.network(flatnet());
    const web = network.add("web", publishing);
    const late = network.container("late", { namespace: web.namespace });
    late.refused("ADD");
    late.del();
    web.check();
    expectOnly(host, web);
  });

  live.test("takes an interface that another plugin made, as after an upgrade", () => {
    using host = new Host();
    const namespace = host.container();
    program(namespace, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "other");
    host.network(flatnet()).container("web", { namespace }).del();
    expect(vethNames(namespace)).toEqual([]);
  });

  live.test("goes on although the table, the bridge or the leases are gone", () => {
    using host = new Host();
    const network = host.network(flatnet());
    const [web, shop, bank] = [network.add("web", publishing), network.add("shop"), network.add("bank")];
    program(host.namespace, "nft", "delete", "table", "inet", "flatnet");
    web.del();
    program(host.namespace, "ip", "link", "delete", "flatnet-br0");
    shop.del();
    program(host.namespace, "rm", "-r", host.file("cni"));
    bank.del();
    expect(vethNames(host.namespace)).toEqual([]);
  });

  live.test("is refused for a namespace that is none", () => {
    using host = new Host();
    const web = host.network(flatnet()).add("web");
    const file = host.file("file");
    writeFileSync(file, "");
    const { msg } = host.network(flatnet()).container("web", { netns: file }).refused("DEL");
    expect(msg).toContain("is not a network namespace");
    web.check();
  });

  live.test("lets the next container have the address and the port", () => {
    using host = new Host();
    const network = host.network(flatnet());
    const options = { runtimeConfig: { portMappings, ips: ["10.87.1.9"] } };
    network.add("web", options).del();
    const shop = network.add("shop", options);
    expect(shop.address()).toBe("10.87.1.9");
    shop.check();
  });
});

live.describe("GC", () => {
  /** What a runtime that was killed leaves: three containers, one of them without its namespace. */
  function threeContainers(host: Host) {
    const network = host.network(flatnet({}, "1.1.0"));
    const web = network.add("web", publishing);
    const shop = network.add("shop", publishingNext);
    const lost = network.add("lost");
    host.end(lost.namespace);
    return { network, web, shop, lost };
  }

  live.test("takes what belongs to no attachment that it is told of", () => {
    using host = new Host();
    const { network, web } = threeContainers(host);
    network.gc([web]);
    expectOnly(host, web);
    web.check();
  });

  live.test("takes all when there is no attachment any more", () => {
    using host = new Host();
    const { network } = threeContainers(host);
    network.gc([]);
    expect(belongings(host)).toEqual(nothing);
  });

  live.test("may come twice, and on a host without networks", () => {
    using host = new Host();
    const { network, web } = threeContainers(host);
    network.gc([web]);
    network.gc([web]);
    expectOnly(host, web);
    using empty = new Host();
    empty.network(flatnet({}, "1.1.0")).gc([]);
    expect(empty.files()).toEqual({});
  });

  live.test("tells two interfaces of a container apart", () => {
    using host = new Host();
    const network = host.network(flatnet({ isGateway: false }, "1.1.0"));
    const eth0 = network.add("web");
    const net1 = network.add("web", { namespace: eth0.namespace, ifname: "net1" });
    network.gc([eth0]);
    expect(vethNames(host.namespace)).toEqual([eth0.hostLink]);
    expect(addresses(eth0.namespace, "eth0")).toEqual(["10.87.1.2/24"]);
    net1.del();
    eth0.check();
  });

  live.test("leaves other networks alone", () => {
    using host = new Host();
    const { network } = threeContainers(host);
    // Its name begins with that of the other.
    const longer = host.network({ ...flatnet({ bridge: "br1", hostId: 7 }, "1.1.0"), name: "flatnet2" });
    const other = longer.add("web");
    network.gc([]);
    other.check();
    expect(host.leases("flatnet2")).toEqual([other.address()]);
  });

  live.test("takes the lease that a killed ADD left without a link", () => {
    using host = new Host();
    const { network, web } = threeContainers(host);
    writeFileSync(host.file("cni/networks/flatnet/10.87.1.200"), "killed\r\neth0");
    network.gc([web]);
    expect(existsSync(host.file("cni/networks/flatnet/10.87.1.200"))).toBe(false);
  });

  live.test("takes nothing when it is not told what is valid", () => {
    using host = new Host();
    const { network, web, shop } = threeContainers(host);
    const { leases, elements } = belongings(host);
    const config = { ...network.configuration.plugins[0], name: "flatnet", cniVersion: "1.1.0" };
    const { exit, stderr } = host.run(
      [`${host.plugins}/flatnet`],
      { CNI_COMMAND: "GC", CNI_PATH: host.plugins },
      JSON.stringify(config),
    );
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.stringContaining("GC does nothing") });
    expect(belongings(host)).toMatchObject({ leases, elements });
    web.check();
    shop.check();
  });
});
