/**
 * Packets are really slowed down, in the direction that has a limit and in no other. A limit can be proved from below: no
 * load of the machine makes bytes arrive sooner than tokens allow.
 */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { Host } from "../host.ts";
import { limited } from "./configuration.ts";
import { secondsFor } from "./transfer.ts";

const live = needs("namespaces", "qdisc:tbf", "qdisc:ingress", "link:ifb");

const BYTES = 600_000;
/** 1 MB/s, of which 100 kB may pass at once. */
const limit = { Rate: 8_000_000, Burst: 800_000 };
const shortest = (BYTES - limit.Burst / 8) / (limit.Rate / 8);

const towards = (direction: "ingress" | "egress") => ({
  [`${direction}Rate`]: limit.Rate,
  [`${direction}Burst`]: limit.Burst,
});

/** Seconds to the container of a network with these limits, and back. */
async function seconds(keys: object): Promise<{ ingress: number; egress: number }> {
  using host = new Host();
  const gateway = "10.1.2.1";
  const network = limited(keys);
  const [bridge, ...others] = network.plugins;
  const web = host.network({ ...network, plugins: [{ ...bridge!, isGateway: true }, ...others] }).add("web");
  const { namespace: container } = web;
  const inward = { from: host.namespace, to: container, address: web.address() };
  const outward = { from: container, to: host.namespace, address: gateway };
  return { ingress: await secondsFor(BYTES, inward), egress: await secondsFor(BYTES, outward) };
}

/** The quickest of some tries: others may be using the machine. */
async function quickest(keys: object, direction: "ingress" | "egress", tries = 5): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let n = 0; n < tries && best > shortest / 2; n++)
    best = Math.min(best, (await seconds(keys))[direction]);
  return best;
}

live.describe.each(["classic", "direct"])("in the layout %s", (layout) => {
  live.test("what goes to the container is slowed down, and what comes from it is not", async () => {
    const keys = { ...towards("ingress"), layout };
    expect((await seconds(keys)).ingress).toBeGreaterThan(shortest * 0.9);
    expect(await quickest(keys, "egress")).toBeLessThan(shortest / 2);
  });

  live.test("what comes from the container is slowed down, and what goes to it is not", async () => {
    const keys = { ...towards("egress"), layout };
    expect((await seconds(keys)).egress).toBeGreaterThan(shortest * 0.9);
    expect(await quickest(keys, "ingress")).toBeLessThan(shortest / 2);
  });
});

live.test("without limits nothing is slowed down", async () => {
  expect(await quickest({}, "ingress")).toBeLessThan(shortest / 2);
  expect(await quickest({}, "egress")).toBeLessThan(shortest / 2);
});
