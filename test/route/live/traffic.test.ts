/** Traffic control in a real kernel: set, read back, and as `tc` sees it. */
import { expect } from "bun:test";
import { otherKind } from "../../../netlink/codec/index.ts";
import { redirectTo } from "../../../netlink/route/tc/action/index.ts";
import { everyPacket } from "../../../netlink/route/tc/filter/u32.ts";
import { hooks } from "../../../netlink/route/tc/handle.ts";
import { transmitBytes, USUAL_TICKS } from "../../../netlink/route/tc/psched.ts";
import { rateOf, tokenBucket } from "../../../netlink/route/tc/qdisc/tbf.ts";
import type { Qdisc } from "../../../netlink/route/tc/qdiscs.ts";
import { inside } from "../../../netlink/socket/namespace.ts";
import { needs } from "../../needs.ts";
import { joinedWorld, refusal } from "./world.ts";

const { test } = needs("namespaces", "program:ip", "program:tc");

const bucket = { rate: 1_000_000, burst: 200_000, limit: 225_000 };
const root = { parent: "root", handle: "1:" };

const shaped = (index: number, rate: number | bigint = bucket.rate) =>
  ({ index, ...root, kind: "tbf", options: tokenBucket({ ...bucket, rate }, USUAL_TICKS) }) as const;

const burstOf = ({ kind, options }: Qdisc): number | undefined =>
  kind === "tbf" && options?.parms
    ? transmitBytes(rateOf(options), options.parms.buffer, USUAL_TICKS)
    : undefined;

test("a token bucket is added, read back, seen by tc, changed, replaced and deleted", () => {
  using w = joinedWorld();
  const { qdisc, tc } = w.host;
  const show = () => tc("qdisc", "show", "dev", "v0");
  qdisc.add(shaped(w.v0));

  const made = qdisc.get({ index: w.v0, parent: "root" });
  expect(made).toMatchObject({ kind: "tbf", handle: "1:", parent: "root", index: w.v0 });
  expect(made.kind === "tbf" && rateOf(made.options!)).toBe(1_000_000n);
  expect(burstOf(made)).toBe(200_000);
  expect(show()).toMatchObject([
    { kind: "tbf", handle: "1:", root: true, options: { rate: 1_000_000, burst: 200_000, lat: 25_000 } },
  ]);

  qdisc.change(shaped(w.v0, 2_000_000));
  expect(show()).toMatchObject([{ kind: "tbf", options: { rate: 2_000_000, burst: 200_000 } }]);
  qdisc.replace(shaped(w.v0, 3_000_000));
  expect(show()).toMatchObject([{ kind: "tbf", options: { rate: 3_000_000 } }]);
  qdisc.delete({ index: w.v0, parent: "root" });
  expect(show()).toMatchObject([{ kind: "noqueue" }]);
});

test("a rate of more than 32 bits is kept whole, and the bucket is the one that tc makes", () => {
  using w = joinedWorld();
  const rate = 10n ** 10n;
  w.host.qdisc.add(shaped(w.v0, rate));
  w.container.tc(..."qdisc add dev eth0 root handle 1: tbf rate 80gbit burst 200000 limit 225000".split(" "));
  const ours = w.host.qdisc.get({ index: w.v0, parent: "root" });
  const theirs = w.container.qdisc.get({ index: w.eth0, parent: "root" });
  expect(ours.kind === "tbf" && rateOf(ours.options!)).toBe(rate);
  expect(ours.options).toEqual(theirs.options);
});

test("all that leaves one link is led through another, and tc tells the same of it", () => {
  using w = joinedWorld();
  const { link, qdisc, filter, tc } = w.host;
  link.create({ ifname: "ifb0", flags: ["up"], linkinfo: { kind: "ifb" } });
  const ifb = link.get({ ifname: "ifb0" }).index;
  qdisc.add({ index: w.v0, parent: hooks.qdisc, handle: "ffff:", kind: "ingress" });
  const place = { index: w.v0, parent: "ffff:", protocol: "all", prio: 1 } as const;
  filter.add({
    ...place,
    kind: "u32",
    options: { classid: "1:1", sel: everyPacket, act: [redirectTo(ifb)] },
  });

  const filters = filter.list(place).filter(({ handle }) => handle & 0xfffff);
  expect(filters).toMatchObject([
    {
      ...place,
      kind: "u32",
      options: { classid: "1:1", sel: everyPacket, act: [{ kind: "mirred" }] },
    },
  ]);
  const { handle } = filters[0]!;
  const one = filter.get({ ...place, kind: "u32", handle });
  expect(one.kind === "u32" && one.options?.act?.[0]).toMatchObject({
    kind: "mirred",
    options: { parms: { eaction: "egressRedir", action: "stolen", ifindex: ifb } },
  });
  const [, , theirs] = tc("filter", "show", "dev", "v0", "parent", "ffff:");
  expect(theirs).toMatchObject({
    protocol: "all",
    pref: 1,
    kind: "u32",
    options: { flowid: "1:1", actions: [{ kind: "mirred", to_dev: "ifb0", mirred_action: "redirect" }] },
  });

  filter.delete(place);
  expect(filter.list(place)).toEqual([]);
  expect(refusal(() => filter.delete(place))).toMatchObject({ code: "ENOENT" });
});

test("classes of htb share a link, and are told as tc tells them", () => {
  using w = joinedWorld();
  const { qdisc, trafficClass } = w.host;
  qdisc.add({
    index: w.v0,
    ...root,
    kind: "htb",
    options: { init: { version: 3, rate2quantum: 10, defcls: 0x20, debug: 0, directPkts: 0 } },
  });
  const rate = {
    cellLog: 0,
    linklayer: "ethernet",
    overhead: 0,
    cellAlign: 0,
    mpu: 0,
    rate: 1_250_000,
  } as const;
  const parms = {
    rate,
    ceil: { ...rate, rate: 2_500_000 },
    buffer: 200_000,
    cbuffer: 100_000,
    quantum: 0,
    level: 0,
    prio: 2,
  };
  trafficClass.add({ index: w.v0, parent: "1:", handle: "1:20", kind: "htb", options: { parms } });
  expect(trafficClass.list({ index: w.v0 })).toMatchObject([
    { handle: "1:20", parent: "root", kind: "htb", options: { parms: { ...parms, quantum: 125_000 } } },
  ]);
  // What it prints as JSON is none in iproute2 6.1.
  const theirs = inside(w.host.namespace, () => Bun.spawnSync(["tc", "class", "show", "dev", "v0"]).stdout);
  expect(theirs.toString()).toStartWith("class htb 1:20 root prio 2 rate 10Mbit ceil 20Mbit burst 16000b ");
  trafficClass.delete({ index: w.v0, handle: "1:20" });
  expect(trafficClass.list({ index: w.v0 })).toEqual([]);
});

test("a list tells what tc lists, and what the kernel made itself too", () => {
  using w = joinedWorld();
  w.host.qdisc.add(shaped(w.v0));
  const kinds = (qdiscs: { kind?: unknown }[]) => qdiscs.map(({ kind }) => kind).sort();
  expect(kinds(w.host.qdisc.list())).toEqual(kinds(w.host.tc("qdisc", "show")));
  expect(kinds(w.container.qdisc.list())).toEqual(["noqueue"]);
});

test("refusals say what is wrong", () => {
  using w = joinedWorld();
  const { qdisc } = w.host;
  expect(refusal(() => qdisc.add({ index: w.v0, ...root, kind: otherKind("nosuch") }))).toMatchObject({
    operation: `qdisc.add nosuch dev ${w.v0} parent root`,
    code: "ENOENT",
    said: "Specified qdisc kind is unknown",
  });
  expect(refusal(() => qdisc.delete({ index: w.v0, parent: "root" }))).toMatchObject({ code: "ENOENT" });
  expect(qdisc.get({ index: w.v0, parent: "root" }).kind).toBe("noqueue");
  expect(qdisc.find({ index: w.v0, parent: hooks.qdisc })).toBeUndefined();
  const lo = w.host.link.get({ ifname: "lo" });
  expect(lo.flags).not.toContain("up");
  expect(qdisc.find({ index: lo.index, parent: "root" })).toBeUndefined();
  qdisc.add(shaped(w.v0));
  expect(refusal(() => qdisc.add(shaped(w.v0))).code).toBe("EEXIST");
});
