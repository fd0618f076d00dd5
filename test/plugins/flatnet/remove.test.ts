/** DEL: what is taken away, what stays for others, and that nothing is too far gone to be taken away. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { needs } from "../../needs.ts";
import { Host } from "../host.ts";
import { addresses, program, vethNames } from "../kernel.ts";
import type { Attachment } from "../network.ts";
import { belongings, expectOnly, nothing, publishing, publishingNext } from "./belongings.ts";
import { dualStack, flatnet } from "./configuration.ts";

const live = needs("namespaces", "program:ip", "program:nft");

live.describe("DEL", () => {
  live.test("takes all that belongs to the container, and leaves what all share", () => {
    using host = new Host();
    const web = host.network(flatnet(dualStack)).add("web", publishing);
    expect(belongings(host).elements).toHaveLength(9);
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

  live.test.each([
    [{ hostId: 7, ...dualStack }, {}],
    [{ vlan: "7" }, {}],
    [{}, { args: "FOO=bar" }],
    [{}, { args: "MAC=02" }],
  ])("goes on with keys %j and options %j, which an ADD would refuse", (keys, options) => {
    using host = new Host();
    const { namespace } = host.network(flatnet()).add("web", publishing);
    host
      .network(flatnet(keys))
      .container("web", { namespace, ...options })
      .del();
    expect(belongings(host)).toEqual(nothing);
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
    const options = { runtimeConfig: { ...publishing.runtimeConfig, ips: ["10.87.1.9"] } };
    network.add("web", options).del();
    const shop = network.add("shop", options);
    expect(shop.address()).toBe("10.87.1.9");
    shop.check();
  });
});
