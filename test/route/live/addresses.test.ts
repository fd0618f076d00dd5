/** Addresses in a real kernel, and as iproute2 sees them. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { joinedWorld } from "./world.ts";

const { test } = needs("namespaces", "program:ip");

/** The addresses that iproute2 tells of `eth0`. */
const seen = (w: ReturnType<typeof joinedWorld>): unknown =>
  w.container.ip("address", "show", "eth0")[0]!.addr_info;

test("addresses of both families are added with what belongs to them", () => {
  using w = joinedWorld();
  const { address } = w.container;
  const index = w.eth0;
  address.add({
    index,
    address: "10.7.0.1",
    prefixlen: 24,
    broadcast: "10.7.0.255",
    label: "eth0:web",
    rtPriority: 50,
    cacheinfo: { prefered: 1800, valid: 3600, cstamp: 0, tstamp: 0 },
  });
  address.add({ index, address: "fd07::1", prefixlen: 64, flags: ["nodad", "noprefixroute"] });
  address.add({ index, local: "10.8.0.1", address: "10.8.0.2" });
  expect(seen(w)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        local: "10.7.0.1",
        prefixlen: 24,
        broadcast: "10.7.0.255",
        label: "eth0:web",
        metric: 50,
        valid_life_time: 3600,
        preferred_life_time: 1800,
      }),
      expect.objectContaining({ local: "fd07::1", prefixlen: 64, nodad: true, noprefixroute: true }),
      expect.objectContaining({ local: "10.8.0.1", address: "10.8.0.2", prefixlen: 32 }),
    ]),
  );
});

test("addresses are listed by link and by family", () => {
  using w = joinedWorld();
  const { address } = w.container;
  w.container.link.set({ ifname: "lo", flags: ["up"] });
  const texts = (filter: Parameters<typeof address.list>[0]) =>
    address
      .list(filter)
      .filter(({ scope }) => scope !== "link")
      .map(({ local, address }) => local ?? address)
      .sort();
  expect(texts({})).toEqual(["10.1.0.2", "127.0.0.1", "::1", "fd01::2"]);
  expect(texts({ index: w.eth0 })).toEqual(["10.1.0.2", "fd01::2"]);
  expect(texts({ family: "inet" })).toEqual(["10.1.0.2", "127.0.0.1"]);
  expect(texts({ family: "inet6", index: w.eth0 })).toEqual(["fd01::2"]);
});

test("replacing an address changes its lifetimes", () => {
  using w = joinedWorld();
  const cacheinfo = { prefered: 60, valid: 120, cstamp: 0, tstamp: 0 };
  w.container.address.replace({ index: w.eth0, address: "10.1.0.2", prefixlen: 16, cacheinfo });
  expect(seen(w)).toContainEqual(expect.objectContaining({ local: "10.1.0.2", valid_life_time: 120 }));
});

test("what was listed can be deleted as it is", () => {
  using w = joinedWorld();
  const { address } = w.container;
  for (const each of address.list({ index: w.eth0 })) {
    if (each.address !== undefined) address.delete({ ...each, address: each.address });
  }
  expect(seen(w)).toEqual([]);
});

test("the addresses of another namespace are listed by its id", () => {
  using w = joinedWorld();
  const { nsid } = w.host.namespaceId.get({ fd: w.container.namespace.fd });
  const texts = w.host.address.list({ targetNetnsid: nsid!, family: "inet" }).map(({ local }) => local);
  expect(texts).toEqual(["10.1.0.2"]);
});
