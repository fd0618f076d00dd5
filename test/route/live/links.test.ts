/** Links in a real kernel: made, changed, found, moved, and as iproute2 sees them. */
import { expect } from "bun:test";
import { otherKind, unknown } from "../../../netlink/codec/index.ts";
import { createLink, setLink } from "../../../netlink/route/links.ts";
import { needs } from "../../needs.ts";
import { joinedWorld, world } from "./world.ts";

const { test } = needs("namespaces", "program:ip");

test("one request makes a veth pair with mtu, addresses and a master, its other end in another namespace", () => {
  using w = world();
  const { host, container } = w;
  host.link.create({ ifname: "br0", linkinfo: { kind: "bridge" } });
  const bridge = host.link.get({ ifname: "br0" });
  host.link.create({
    ifname: "v0",
    mtu: 1400,
    address: "02:00:00:00:00:01",
    master: bridge.index,
    flags: ["up"],
    linkinfo: {
      kind: "veth",
      data: {
        peer: { ifname: "eth0", mtu: 1400, address: "02:00:00:00:00:02", netNsFd: container.namespace.fd },
      },
    },
  });

  const outer = host.link.get({ ifname: "v0" });
  const inner = container.link.get({ ifname: "eth0" });
  expect(outer).toMatchObject({ mtu: 1400, address: "02:00:00:00:00:01", master: bridge.index });
  expect(inner).toMatchObject({ mtu: 1400, address: "02:00:00:00:00:02", linkinfo: { kind: "veth" } });
  expect(outer.flags).toContain("up");
  expect([outer.link, inner.link]).toEqual([inner.index, outer.index]);
  expect(host.ip("link", "show", "v0")).toMatchObject([
    { ifname: "v0", mtu: 1400, address: "02:00:00:00:00:01", master: "br0", link_netnsid: outer.linkNetnsid },
  ]);
  expect(container.ip("-d", "link", "show", "eth0")).toMatchObject([
    { mtu: 1400, address: "02:00:00:00:00:02", linkinfo: { info_kind: "veth" } },
  ]);
});

test("what is told of a link is what iproute2 tells", () => {
  using w = joinedWorld();
  const link = w.container.link.get({ ifname: "eth0" });
  const [theirs] = w.container.ip("-d", "link", "show", "eth0");
  expect(theirs).toMatchObject({
    ifindex: link.index,
    link_index: link.link!,
    link_type: link.type,
    mtu: link.mtu!,
    qdisc: link.qdisc!,
    operstate: String(link.operstate).toUpperCase(),
    txqlen: link.txqlen!,
    address: link.address!,
    broadcast: link.broadcast!,
    promiscuity: link.promiscuity!,
    min_mtu: link.minMtu!,
    max_mtu: link.maxMtu!,
    num_tx_queues: link.numTxQueues!,
    gso_max_size: link.gsoMaxSize!,
    tso_max_segs: link.tsoMaxSegs!,
    inet6_addr_gen_mode: link.afSpec!.inet6!.addrGenMode!,
  });
});

test("flags, name, alias, mtu and group are set, and the flags that are not named stay", () => {
  using w = joinedWorld();
  const { container, eth0: index } = w;
  container.link.set({ index, flags: ["promisc"] });
  container.link.set({ index, ifalias: "of a test", mtu: 1300, group: 7, txqlen: 33 });
  expect(container.link.get({ index }).flags).toEqual(expect.arrayContaining(["up", "promisc"]));
  expect(container.ip("link", "show", "eth0")).toMatchObject([
    { ifalias: "of a test", mtu: 1300, group: "7", txqlen: 33 },
  ]);
  container.link.set({ index, flags: [], change: ["up", "promisc"], ifalias: "" });
  container.link.set({ index, ifname: "renamed" });
  const link = container.link.get({ ifname: "renamed" });
  expect(link).toMatchObject({ index, operstate: "down" });
  expect(link.ifalias).toBeUndefined();
  expect(link.flags).not.toContain("promisc");
});

test("settings of IPv4 and IPv6 are set for one link", () => {
  using w = joinedWorld();
  const { container, eth0: index } = w;
  container.link.set({
    index,
    afSpec: { inet: { conf: { forwarding: 1, rpFilter: 2 } }, inet6: { addrGenMode: "eui64" } },
  });
  const { inet, inet6 } = container.link.get({ index }).afSpec!;
  expect(inet!.conf).toMatchObject({ forwarding: 1, rpFilter: 2, sendRedirects: 1 });
  expect(inet6!.addrGenMode).toBe("eui64");
  expect(inet6!.conf).toMatchObject({ hoplimit: 64, addrGenMode: 0 });
});

test("a link is moved to another namespace, and gets the name that it is to have there", () => {
  using w = world();
  const { host, container } = w;
  host.link.create({ ifname: "v0", linkinfo: { kind: "veth", data: { peer: { ifname: "v1" } } } });
  const { index } = host.link.get({ ifname: "v1" });
  host.link.set({ index, netNsFd: container.namespace.fd, ifname: "eth0" });
  expect(host.link.find({ ifname: "v1" })).toBeUndefined();
  expect(container.ip("link", "show", "eth0")).toMatchObject([{ ifname: "eth0" }]);
});

test("alternative names are given, found by, and taken", () => {
  using w = joinedWorld();
  const { container, eth0: index } = w;
  container.link.addNames({ index }, ["a-name-longer-than-fifteen", "another"]);
  expect(container.link.get({ altIfname: "a-name-longer-than-fifteen" }).index).toBe(index);
  expect(container.link.get({ index }).propList).toEqual({
    altIfname: ["a-name-longer-than-fifteen", "another"],
  });
  container.link.deleteNames({ index }, ["another"]);
  expect(container.ip("link", "show", "eth0")).toMatchObject([{ altnames: ["a-name-longer-than-fifteen"] }]);
});

test("links are listed by master and by kind", () => {
  using w = world();
  const { host } = w;
  host.link.create({ ifname: "br0", linkinfo: { kind: "bridge" } });
  const { index: master } = host.link.get({ ifname: "br0" });
  host.link.create({ ifname: "v0", master, linkinfo: { kind: "veth", data: { peer: { ifname: "v1" } } } });
  const names = (links: { ifname?: string | undefined }[]) => links.map(({ ifname }) => ifname).sort();
  expect(names(host.link.list())).toEqual(["br0", "lo", "v0", "v1"]);
  expect(names(host.link.list({ kind: "bridge" }))).toEqual(["br0"]);
  expect(names(host.link.list({ kind: "veth", master }))).toEqual(["v0"]);
  expect(names(host.link.list({ master }))).toEqual(
    host.ip("link", "show", "master", "br0").map((l) => l.ifname as string),
  );
});

test("a kind without a codec here is made by its name, and its data is kept as it comes", () => {
  using w = world();
  const { host } = w;
  const options = [{ type: 2, bytes: Uint8Array.of(8, 0, 1, 0, 42, 0, 0, 0), after: 1 }];
  host.link.create({ ifname: "x0", linkinfo: { kind: otherKind("vxlan"), [unknown]: options } });
  expect(host.ip("-d", "link", "show", "x0")).toMatchObject([{ linkinfo: { info_data: { id: 42 } } }]);
  const { linkinfo } = host.link.get({ ifname: "x0" });
  expect(linkinfo?.[unknown]?.map(({ type }) => type)).toEqual([2]);
});

test("deleting one end of a veth pair deletes both", () => {
  using w = joinedWorld();
  w.container.link.delete({ ifname: "eth0" });
  expect(w.host.link.find({ index: w.v0 })).toBeUndefined();
});

test("several requests cross in one datagram, and each has its own answer", () => {
  using w = world();
  const { client, link } = w.host;
  const verdicts = client.attempt([
    createLink({ ifname: "br0", linkinfo: { kind: "bridge" } }),
    createLink({ ifname: "br0", linkinfo: { kind: "bridge" } }),
    setLink({ ifname: "br0", flags: ["up"] }),
  ]);
  expect(verdicts.map((error) => error?.code)).toEqual([undefined, "EEXIST", undefined]);
  expect(link.get({ ifname: "br0" }).flags).toContain("up");
});
