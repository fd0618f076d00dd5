/** `bandwidth` after another plugin, beside Debian's Go plugin of that name. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins } from "../plugins/executable.ts";
import { v4 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", `file:${goPlugins}/bandwidth`, "program:ip", "program:tc");

/** A network of a bridge whose containers are limited. */
const limited = (
  keys: object,
  { cniVersion = "1.0.0", ...bridge }: Record<string, unknown> = {},
): Configuration => ({
  cniVersion: cniVersion as string,
  name: "net",
  plugins: [
    { type: "bridge", isGateway: true, ipam: v4, ...bridge },
    { type: "bandwidth", capabilities: { bandwidth: true }, ...keys },
  ],
});

/** A command that gives the name of the link that begins so. */
const named = (prefix: string): string => `ip -o link | sed -n 's/.* \\(${prefix}[^@:]*\\).*/\\1/p'`;

const inward = { ingressRate: 8_000_000, ingressBurst: 1_600_000 };
const outward = { egressRate: 1_000_000, egressBurst: 80_000 };
/** ADD, CHECK and DEL, with a look after each that changes something. */
const whole = [add("a"), look, check("a"), del("a"), look, del("a"), look] as const;
const refused = [add("a", { refused: true })] as const;

const scenarios: Record<string, Scenario> = {
  // Without CHECK, of which the Go plugin dies.
  "no limit": { network: limited({}), steps: [add("a"), look, del("a"), look] },
  "limits of zero": { network: limited({ ingressRate: 0, egressBurst: 0 }), steps: whole },
  "a limit to the container": { network: limited(inward), steps: whole },
  "a limit from the container": { network: limited(outward), steps: whole },
  "both, on links of another mtu": {
    network: limited({ ...inward, ...outward }, { mtu: 1400 }),
    steps: whole,
  },
  "limits of the runtime": {
    network: limited({}),
    steps: [
      add("a", { runtimeConfig: { bandwidth: { ...inward, ...outward } } }),
      look,
      check("a"),
      del("a"),
      look,
    ],
  },
  "those of the configuration before those of the runtime": {
    network: limited(inward),
    steps: [add("a", { runtimeConfig: { bandwidth: outward } }), look, check("a"), del("a"), look],
  },
  "a low rate": { network: limited({ ingressRate: 2048, ingressBurst: 1600 }), steps: whole },
  "a rate that needs more than 32 bits in bytes, too": {
    network: limited({
      ingressRate: 40_000_000_000,
      ingressBurst: 8_000_000_000,
      egressRate: 10 ** 10,
      egressBurst: 8e9,
    }),
    steps: whole,
  },
  "a burst as Kubernetes has it, at a low rate": {
    network: limited({
      ingressRate: 1_000_000,
      ingressBurst: 2 ** 31 - 1,
      egressRate: 1_000_000,
      egressBurst: 2 ** 31 - 1,
    }),
    steps: whole,
  },
  "two containers": {
    network: limited({ ...inward, ...outward }),
    steps: [add("a"), add("b"), look, check("a"), check("b"), del("a"), look, check("b"), del("b"), look],
  },
  "a result of version 0.3.1": {
    network: limited({ ...inward, ...outward }, { cniVersion: "0.3.1" }),
    steps: [add("a"), look, del("a"), look],
  },
  "a CHECK of a link whose limit was changed": {
    network: limited(inward),
    steps: [
      add("a"),
      {
        in: "host",
        run: `tc qdisc change dev $(${named("veth")}) root tbf rate 9mbit burst 200kb limit 225000`,
      },
      check("a", { refused: true }),
    ],
  },
  "a CHECK without the device": {
    network: limited(outward),
    steps: [add("a"), { in: "host", run: `ip link del $(${named("bwp")})` }, check("a", { refused: true })],
  },
  "a DEL whose namespace has ended": {
    network: limited({ ...inward, ...outward }),
    steps: [add("a"), { end: "a" }, del("a"), look],
  },
  "a rate without a burst": {
    network: limited({ ingressRate: 8000 }),
    steps: refused,
    shows: ["invalidConfig"],
  },
  "a burst without a rate": {
    network: limited({ egressBurst: 8000 }),
    steps: refused,
    shows: ["invalidConfig"],
  },
  "a burst of more than 4 GB": {
    network: limited({ egressRate: 8000, egressBurst: 2 ** 35 }),
    steps: refused,
    shows: ["invalidConfig"],
  },
  "an interface that is no veth link": {
    network: {
      cniVersion: "1.0.0",
      name: "net",
      plugins: [{ type: "loopback" }, { type: "bandwidth", ...inward }],
    },
    steps: [add("a", { ifname: "lo", refused: true })],
  },
};

twin.describe("bandwidth does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
