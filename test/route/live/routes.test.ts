/** Routes in a real kernel, and as iproute2 sees them. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { joinedWorld } from "./world.ts";

const { test } = needs("namespaces", "program:ip");

type World = ReturnType<typeof joinedWorld>;

/** What iproute2 tells of the routes to `destination`. */
const seen = (w: World, destination: string, ...words: string[]): Record<string, unknown>[] =>
  w.container.ip(destination.includes(":") ? "-6" : "-4", "-d", "route", "show", destination, ...words);

test("routes of both families are added with gateways, metrics and preferences", () => {
  using w = joinedWorld();
  const { route } = w.container;
  route.add({ gateway: "10.1.0.1" });
  route.add({ gateway: "fd01::1", oif: w.eth0, pref: "high" });
  route.add({
    dst: "10.5.0.0",
    dstLen: 24,
    gateway: "10.1.0.1",
    prefsrc: "10.1.0.2",
    priority: 7,
    protocol: "static",
    metrics: { lock: ["mtu"], mtu: 1400, advmss: 1300, hoplimit: 33, ccAlgo: "reno", quickack: 1 },
  });
  expect(seen(w, "0.0.0.0/0", "table", "main")).toContainEqual(
    expect.objectContaining({ dst: "default", gateway: "10.1.0.1", dev: "eth0", protocol: "boot" }),
  );
  expect(w.container.ip("-6", "route", "show", "default")).toMatchObject([
    { gateway: "fd01::1", dev: "eth0", pref: "high" },
  ]);
  expect(seen(w, "10.5.0.0/24")).toMatchObject([
    {
      gateway: "10.1.0.1",
      prefsrc: "10.1.0.2",
      metric: 7,
      protocol: "static",
      metrics: [{ mtu: 1400, advmss: 1300, hoplimit: 33, congestion: "reno", quickack: 1 }],
    },
  ]);
  const [added] = route.list({ protocol: "static" });
  expect(added).toMatchObject({
    priority: 7,
    metrics: { lock: ["mtu"], mtu: 1400, advmss: 1300, hoplimit: 33, ccAlgo: "reno", quickack: 1 },
  });
});

test("an IPv4 route goes by an IPv6 gateway", () => {
  using w = joinedWorld();
  w.container.route.add({ dst: "10.5.0.0", dstLen: 24, gateway: "fd01::1", oif: w.eth0 });
  expect(seen(w, "10.5.0.0/24")).toMatchObject([{ via: { family: "inet6", host: "fd01::1" }, dev: "eth0" }]);
});

test("a route has several next hops, of both families and with weights", () => {
  using w = joinedWorld();
  w.container.route.add({
    dst: "10.5.0.0",
    dstLen: 24,
    multipath: [
      { gateway: "10.1.0.1", hops: 4 },
      { gateway: "fd01::1", ifindex: w.eth0 },
    ],
  });
  expect(seen(w, "10.5.0.0/24")).toMatchObject([
    {
      nexthops: [
        { gateway: "10.1.0.1", dev: "eth0", weight: 5 },
        { via: { family: "inet6", host: "fd01::1" }, dev: "eth0", weight: 1 },
      ],
    },
  ]);
  const [listed] = w.container.route.list({ family: "inet" }).filter(({ dst }) => dst === "10.5.0.0");
  expect(listed?.multipath).toMatchObject([
    { gateway: "10.1.0.1", hops: 4, ifindex: w.eth0 },
    { via: { family: "inet6", addr: "fd01::1" }, hops: 0, ifindex: w.eth0 },
  ]);
});

test("routes without a gateway reach the link, the host, or nobody", () => {
  using w = joinedWorld();
  const { route } = w.container;
  route.add({ dst: "10.5.0.0", dstLen: 24, oif: w.eth0 });
  route.add({ dst: "10.6.0.1", type: "local", oif: 1 });
  route.add({ dst: "10.7.0.0", dstLen: 24, type: "blackhole" });
  route.add({ dst: "fd07::", dstLen: 64, type: "unreachable" });
  expect(seen(w, "10.5.0.0/24")).toMatchObject([{ scope: "link", type: "unicast" }]);
  expect(seen(w, "10.6.0.1", "table", "local")).toMatchObject([{ scope: "host", type: "local", dev: "lo" }]);
  expect(seen(w, "10.7.0.0/24")).toMatchObject([{ type: "blackhole" }]);
  expect(seen(w, "fd07::/64")).toMatchObject([{ type: "unreachable" }]);
});

test("routes are in tables of any number, and listed by table, link, protocol and type", () => {
  using w = joinedWorld();
  const { route } = w.container;
  for (const table of [100, 100_000]) route.add({ gateway: "10.1.0.1", table, protocol: "bird" });
  const tables = (filter: Parameters<typeof route.list>[0]) => route.list(filter).map(({ table }) => table);
  expect(tables({ table: 100 })).toEqual([100]);
  expect(tables({ table: 100_000 })).toEqual([100_000]);
  expect(tables({ protocol: "bird" })).toEqual([100, 100_000]);
  expect(tables({ protocol: "bird", oif: 1 })).toEqual([]);
  expect(new Set(tables({ type: "local" }))).toEqual(new Set(["local"]));
  expect(w.container.ip("route", "show", "table", "100000")).toMatchObject([{ gateway: "10.1.0.1" }]);
});

test("replacing, changing and appending do what iproute2's words say", () => {
  using w = joinedWorld();
  const { route } = w.container;
  const to = { dst: "10.5.0.0", dstLen: 24 };
  route.replace({ ...to, gateway: "10.1.0.3" });
  route.replace({ ...to, gateway: "10.1.0.4" });
  expect(seen(w, "10.5.0.0/24")).toMatchObject([{ gateway: "10.1.0.4" }]);
  route.append({ ...to, gateway: "10.1.0.5" });
  route.change({ ...to, gateway: "10.1.0.6" });
  expect(seen(w, "10.5.0.0/24")).toMatchObject([{ gateway: "10.1.0.6" }, { gateway: "10.1.0.5" }]);
  route.delete({ ...to, gateway: "10.1.0.5" });
  expect(seen(w, "10.5.0.0/24")).toMatchObject([{ gateway: "10.1.0.6" }]);
});

test("what was listed can be deleted as it is", () => {
  using w = joinedWorld();
  const { route } = w.container;
  route.add({ gateway: "10.1.0.1", metrics: { mtu: 1400 } });
  route.add({ dst: "10.5.0.0", dstLen: 24, gateway: "fd01::1", oif: w.eth0, table: 1000 });
  route.add({ dst: "fd05::", dstLen: 64, gateway: "fd01::1" });
  for (const each of route.list({ protocol: "boot" })) route.delete(each);
  expect(route.list({ protocol: "boot" })).toEqual([]);
});

test("the kernel tells by which route a packet would leave", () => {
  using w = joinedWorld();
  const { route } = w.container;
  route.add({ gateway: "10.1.0.1" });
  expect(route.get({ dst: "1.1.1.1" })).toMatchObject({
    gateway: "10.1.0.1",
    oif: w.eth0,
    prefsrc: "10.1.0.2",
    table: "main",
    flags: ["cloned"],
  });
  expect(route.get({ dst: "fd01::1" })).toMatchObject({ oif: w.eth0, prefsrc: "fd01::2" });
  expect(route.get({ dst: "1.1.1.1", flags: ["fibMatch"] })).toMatchObject({ dstLen: 0, protocol: "boot" });
});
