/** Traffic control of kinds that not every kernel has: set, read back, and as `tc` sees it. */
import { expect } from "bun:test";
import { policing } from "../../../netlink/route/tc/action/police.ts";
import { hooks } from "../../../netlink/route/tc/handle.ts";
import { USUAL_TICKS } from "../../../netlink/route/tc/psched.ts";
import { needs } from "../../needs.ts";
import { joinedWorld } from "./world.ts";

const queues = needs("namespaces", "program:ip", "qdisc:fq_codel", "qdisc:prio");
const filters = needs(
  "namespaces",
  "program:ip",
  "filter:flower",
  "filter:matchall",
  "action:police",
  "action:gact",
);

queues.test("fair queues are made with their options", () => {
  using w = joinedWorld();
  const options = { limit: 1000, target: 3000, interval: 40_000, flows: 512, quantum: 300, ecn: 1 };
  w.host.qdisc.add({ index: w.v0, parent: "root", handle: "3:", kind: "fq_codel", options });
  const made = w.host.qdisc.get({ index: w.v0, parent: "root" });
  expect(made).toMatchObject({
    kind: "fq_codel",
    handle: "3:",
    options: { limit: 1000, flows: 512, ecn: 1 },
  });
  expect(w.host.tc("qdisc", "show", "dev", "v0")).toMatchObject([
    { kind: "fq_codel", options: { limit: 1000, flows: 512, quantum: 300, ecn: true } },
  ]);
});

queues.test("queues by priority take each packet where the map says", () => {
  using w = joinedWorld();
  const priomap = Uint8Array.fromHex("01020202010200000101010101010101");
  w.host.qdisc.add({
    index: w.v0,
    parent: "root",
    handle: "4:",
    kind: "prio",
    options: { bands: 3, priomap },
  });
  expect(w.host.qdisc.get({ index: w.v0, parent: "root" }).options).toEqual({ bands: 3, priomap });
  expect(w.host.tc("qdisc", "show", "dev", "v0")).toMatchObject([
    { kind: "prio", options: { bands: 3, priomap: [...priomap] } },
  ]);
});

filters.test("what exceeds a rate is dropped where packets come in", () => {
  using w = joinedWorld();
  w.host.qdisc.add({ index: w.v0, parent: hooks.qdisc, handle: "ffff:", kind: "clsact" });
  const place = { index: w.v0, parent: hooks.ingress, protocol: "all", prio: 1 } as const;
  const options = policing({ rate: 1_000_000, burst: 200_000 }, "shot", USUAL_TICKS);
  w.host.filter.add({ ...place, kind: "matchall", options: { act: [{ kind: "police", options }] } });
  const made = w.host.filter.list(place).find(({ handle }) => handle !== 0);
  expect(made).toMatchObject({
    ...place,
    kind: "matchall",
    options: { act: [{ kind: "police", options: { tbf: { action: "shot", rate: { rate: 1_000_000 } } } }] },
  });
  const shown = w.host.tc("-s", "filter", "show", "dev", "v0", "ingress");
  expect(JSON.stringify(shown)).toContain('"kind":"matchall"');
});

filters.test("packets are chosen by the fields of their headers, and dropped", () => {
  using w = joinedWorld();
  w.host.qdisc.add({ index: w.v0, parent: hooks.qdisc, handle: "ffff:", kind: "clsact" });
  const place = { index: w.v0, parent: hooks.ingress, protocol: "ip", prio: 7 } as const;
  w.host.filter.add({
    ...place,
    kind: "flower",
    options: {
      keyEthType: 0x0800,
      keyIpProto: 6,
      keyIpv4Src: "10.0.0.0",
      keyIpv4SrcMask: "255.0.0.0",
      keyTcpDst: 80,
      act: [
        { kind: "gact", options: { parms: { index: 0, capab: 0, action: "shot", refcnt: 0, bindcnt: 0 } } },
      ],
    },
  });
  const flower = w.host.filter.list(place).find(({ handle }) => handle !== 0);
  expect(flower).toMatchObject({
    kind: "flower",
    options: { keyIpProto: 6, keyIpv4Src: "10.0.0.0", keyTcpDst: 80, keyTcpDstMask: 0xffff },
  });
  expect(w.host.tc("filter", "show", "dev", "v0", "ingress")).toContainEqual(
    expect.objectContaining({
      protocol: "ip",
      pref: 7,
      kind: "flower",
      options: expect.objectContaining({
        keys: { eth_type: "ipv4", ip_proto: "tcp", src_ip: "10.0.0.0/8", dst_port: 80 },
      }),
    }),
  );
});
