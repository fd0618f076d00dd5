/** Rules, neighbours and namespaces' ids in a real kernel, and as iproute2 sees them. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { joinedWorld, world } from "./world.ts";

const { test } = needs("namespaces", "program:ip");

test("rules of both families are added, told, and deleted by what was listed", () => {
  using w = world();
  const { rule, ip } = w.container;
  rule.add({ src: "10.1.0.0", srcLen: 16, table: 100, priority: 500 });
  rule.add({
    dst: "10.9.0.0",
    dstLen: 24,
    table: 1000,
    priority: 501,
    fwmark: 0x100,
    fwmask: 0xff00,
    iifname: "eth0",
    ipProto: 6,
    dportRange: { start: 80, end: 90 },
    flags: ["invert"],
  });
  rule.add({ family: "inet6", priority: 502, suppressPrefixlen: 0 });
  rule.add({ family: "inet6", priority: 503, action: "unreachable", uidRange: { start: 0, end: 0 } });
  expect(ip("rule", "show")).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ priority: 500, src: "10.1.0.0", srclen: 16, table: "100" }),
      expect.objectContaining({
        priority: 501,
        not: null,
        dst: "10.9.0.0",
        dstlen: 24,
        fwmark: "0x100",
        fwmask: "0xff00",
        iif: "eth0",
        ipproto: "tcp",
        dport_start: 80,
        dport_end: 90,
        table: "1000",
      }),
    ]),
  );
  expect(ip("-6", "rule", "show")).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ priority: 502, table: "main", suppress_prefixlen: 0 }),
      expect.objectContaining({ priority: 503, action: "unreachable", uid_start: 0, uid_end: 0 }),
    ]),
  );
  const ours = rule.list().filter(({ priority = 0 }) => priority >= 500 && priority < 600);
  expect(ours.map(({ priority }) => priority)).toEqual([500, 501, 502, 503]);
  for (const each of ours) rule.delete(each);
  expect(ip("rule", "show").length).toBe(3);
});

test("neighbours are added, replaced, listed by link, asked for and deleted", () => {
  using w = joinedWorld();
  const { neighbour, ip } = w.container;
  const index = w.eth0;
  neighbour.add({ index, dst: "10.1.0.7", lladdr: "02:00:00:00:00:07" });
  neighbour.replace({ index, dst: "10.1.0.7", lladdr: "02:00:00:00:00:08", state: ["noarp"] });
  neighbour.add({ index, dst: "fd01::7", lladdr: "02:00:00:00:00:07", flags: ["router"] });
  neighbour.add({ index, dst: "10.1.0.9", flags: ["proxy"] });
  expect(ip("neighbour", "show", "nud", "all", "dev", "eth0")).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ dst: "10.1.0.7", lladdr: "02:00:00:00:00:08", state: ["NOARP"] }),
      expect.objectContaining({ dst: "fd01::7", router: null, state: ["PERMANENT"] }),
    ]),
  );
  const listed = neighbour.list({ ifindex: index, family: "inet" });
  expect(listed.map(({ dst }) => dst)).toContain("10.1.0.7");
  expect(neighbour.list({ ifindex: 1 }).filter((each) => each.index !== 1)).toEqual([]);
  expect(neighbour.list({ flags: ["proxy"] }).map(({ dst }) => dst)).toEqual(["10.1.0.9"]);
  expect(neighbour.get({ index, dst: "10.1.0.7" })).toMatchObject({ lladdr: "02:00:00:00:00:08" });
  neighbour.delete({ index, dst: "10.1.0.7" });
  neighbour.delete({ index, dst: "10.1.0.9", flags: ["proxy"] });
  expect(neighbour.find({ index, dst: "10.1.0.7" })).toBeUndefined();
  expect(ip("neighbour", "show", "proxy")).toEqual([]);
});

test("a namespace gets an id, chosen by us or by the kernel, and is listed by it", () => {
  using w = world();
  const { host, container } = w;
  const { fd } = container.namespace;
  expect(host.namespaceId.get({ fd }).nsid).toBe(-1);
  host.namespaceId.set({ fd, nsid: 7 });
  expect(host.namespaceId.get({ fd }).nsid).toBe(7);
  container.namespaceId.set({ fd: host.namespace.fd });
  expect(container.namespaceId.list()).toMatchObject([{ nsid: 0 }]);
  expect(host.ip("netns", "list-id")).toMatchObject([{ nsid: 7 }]);
});
