/** Links of each kind that the machine's kernel has: made, changed, and as iproute2 sees them. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { joinedWorld, world } from "./world.ts";

const { test } = needs("namespaces", "program:ip");

const hasTun = needs("namespaces", "program:ip", "file:/dev/net/tun").test;

test("a macvlan is made over a link of this namespace, with its end in another, and its mode changes later", () => {
  using w = world();
  const { host, container } = w;
  host.link.create({
    ifname: "v0",
    linkinfo: { kind: "veth", data: { peer: { ifname: "v1" } } },
  });
  const below = host.link.get({ ifname: "v0" });
  host.link.create({
    ifname: "eth0",
    link: below.index,
    mtu: 1400,
    netNsFd: container.namespace.fd,
    linkinfo: { kind: "macvlan", data: { mode: "bridge", bcQueueLen: 1234 } },
  });

  const made = container.link.get({ ifname: "eth0" });
  expect(made).toMatchObject({ link: below.index, mtu: 1400 });
  expect(made.linkNetnsid).toBeNumber();
  expect(made.linkinfo?.data).toMatchObject({ mode: "bridge", flags: [], bcQueueLen: 1234 });

  container.link.set({
    index: made.index,
    linkinfo: { kind: "macvlan", data: { mode: "private", flags: ["nodst"] } },
  });
  expect(container.ip("-d", "link", "show", "eth0")).toMatchObject([
    { linkinfo: { info_kind: "macvlan", info_data: { mode: "private", nodst: true, bcqueuelen: 1234 } } },
  ]);
});

test("a macvlan of mode source is told whose frames it takes", () => {
  using w = joinedWorld();
  w.container.link.create({
    ifname: "m0",
    link: w.eth0,
    linkinfo: { kind: "macvlan", data: { mode: "source" } },
  });
  const { index } = w.container.link.get({ ifname: "m0" });
  const senders = ["02:00:00:00:00:a1", "02:00:00:00:00:a2"];
  w.container.link.set({
    index,
    linkinfo: { kind: "macvlan", data: { macaddrMode: "set", macaddrData: { macaddr: senders } } },
  });
  const { linkinfo } = w.container.link.get({ index });
  if (linkinfo?.kind !== "macvlan") throw new Error("not a macvlan");
  expect(linkinfo.data?.macaddrData?.macaddr?.toSorted()).toEqual(senders);
  expect(linkinfo.data?.macaddrCount).toBe(2);
});

test("an ifb has a kind and no data", () => {
  using w = world();
  w.host.link.create({ ifname: "ifb0", txqlen: 99, flags: ["up"], linkinfo: { kind: "ifb" } });
  expect(w.host.link.get({ ifname: "ifb0" })).toMatchObject({ txqlen: 99, linkinfo: { kind: "ifb" } });
});

hasTun("a tap that iproute2 made is told with its owner and what stands before its packets", () => {
  using w = world();
  w.host.ip("tuntap", "add", "tap0", "mode", "tap", "user", "1000", "vnet_hdr", "multi_queue");
  expect(w.host.link.get({ ifname: "tap0" }).linkinfo).toEqual({
    kind: "tun",
    data: {
      type: "tap",
      owner: 1000,
      pi: false,
      vnetHdr: true,
      persist: true,
      multiQueue: true,
      numQueues: 0,
      numDisabledQueues: 0,
    },
  });
});

needs("namespaces", "program:ip", "link:vlan").test("a VLAN has a tag, flags and maps of priorities", () => {
  using w = joinedWorld();
  w.host.link.create({
    ifname: "v0.42",
    link: w.v0,
    linkinfo: {
      kind: "vlan",
      data: {
        id: 42,
        protocol: 0x88a8,
        flags: { flags: ["gvrp"], mask: ["reorderHdr", "gvrp"] },
        egressQos: { mapping: [{ from: 0, to: 7 }] },
      },
    },
  });
  expect(w.host.link.get({ ifname: "v0.42" })).toMatchObject({
    link: w.v0,
    linkinfo: { data: { id: 42, protocol: 0x88a8, flags: { flags: ["gvrp"] } } },
  });
  expect(w.host.ip("-d", "link", "show", "v0.42")).toMatchObject([
    {
      link: "v0",
      linkinfo: {
        info_kind: "vlan",
        info_data: { protocol: "802.1ad", id: 42, flags: ["GVRP"], egress_qos: [{ from: 0, to: 7 }] },
      },
    },
  ]);
});

needs("namespaces", "program:ip", "link:ipvlan").test(
  "an ipvlan has a mode and flags, which change later",
  () => {
    using w = joinedWorld();
    w.container.link.create({
      ifname: "i0",
      link: w.eth0,
      linkinfo: { kind: "ipvlan", data: { mode: "l2" } },
    });
    const { index, linkinfo } = w.container.link.get({ ifname: "i0" });
    expect(linkinfo?.data).toEqual({ mode: "l2", flags: [] });
    w.container.link.set({ index, linkinfo: { kind: "ipvlan", data: { mode: "l3s", flags: ["private"] } } });
    expect(w.container.ip("-d", "link", "show", "i0")).toMatchObject([
      { linkinfo: { info_kind: "ipvlan", info_data: { mode: "l3s", private: true } } },
    ]);
  },
);

needs("namespaces", "program:ip", "link:vrf").test("a port of a VRF tells the master's table", () => {
  using w = joinedWorld();
  w.host.link.create({ ifname: "vrf0", flags: ["up"], linkinfo: { kind: "vrf", data: { table: 1042 } } });
  const { index: master, linkinfo } = w.host.link.get({ ifname: "vrf0" });
  expect(linkinfo).toEqual({ kind: "vrf", data: { table: 1042 } });
  w.host.link.set({ index: w.v0, master });
  expect(w.host.link.get({ index: w.v0 })).toMatchObject({
    master,
    linkinfo: { slaveKind: "vrf", slaveData: { table: 1042 } },
  });
});

needs("namespaces", "program:ip", "link:dummy").test("a dummy has a kind and no data", () => {
  using w = world();
  w.host.link.create({ ifname: "d0", mtu: 9000, linkinfo: { kind: "dummy" } });
  expect(w.host.link.get({ ifname: "d0" })).toMatchObject({ mtu: 9000, linkinfo: { kind: "dummy" } });
});
