/** `host-local` beside Debian's Go plugin of that name, each as a program of its own: answers and files are the same. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins } from "../plugins/executable.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", `file:${goPlugins}/host-local`, "program:ip");

const network = (ipam: object, more: object = {}, cniVersion = "1.0.0"): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [
    {
      type: "host-local",
      capabilities: { ips: true, ipRanges: true },
      ipam: { type: "host-local", ...ipam },
      ...more,
    },
  ],
});

const single = { subnet: "10.1.2.0/29" };
const dual = {
  ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "2001:db8:1::/64" }]],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "192.168.0.0/16", gw: "10.1.2.9" }, { dst: "2001:DB8:9:0::/64" }],
};

const steps = [
  add("a"),
  check("a"),
  add("b"),
  look,
  del("a"),
  check("a", { refused: true }),
  add("c"),
  look,
] as const;

const scenarios: Record<string, Scenario> = {
  "one range": { network: network(single), steps },
  "two families and routes": { network: network(dual), steps },
  "no version": { network: network(dual, {}, ""), steps: [add("a"), del("a"), look] },
  "0.2.0": { network: network(dual, {}, "0.2.0"), steps: [add("a"), del("a"), look] },
  "0.4.0": { network: network(dual, {}, "0.4.0"), steps: [add("a"), check("a"), del("a"), look] },
  "bounds and a gateway inside": {
    network: network({
      subnet: "10.1.2.0/24",
      rangeStart: "10.1.2.9",
      rangeEnd: "10.1.2.11",
      gateway: "10.1.2.10",
    }),
    steps: [add("a"), add("b"), add("c", { refused: true }), look],
  },
  "a range that is used up, and round": {
    network: network(single),
    steps: [..."abcde"]
      .flatMap((id) => [add(id)])
      .concat([add("f", { refused: true }), del("c"), add("g"), del("b"), del("e"), add("h"), add("i")]),
  },
  "ranges that the runtime asks for": {
    network: network(dual),
    steps: [
      add("a", { runtimeConfig: { ipRanges: [[{ subnet: "10.9.0.0/24", rangeStart: "10.9.0.50" }]] } }),
      del("a"),
      look,
    ],
  },
  "addresses that are asked for": {
    network: network(dual),
    steps: [
      add("a", { args: "IP=10.1.2.77" }),
      add("b", { args: "IP=10.1.2.77", refused: true }),
      add("c", { runtimeConfig: { ips: ["10.1.2.5/24", "2001:db8:1::5"] } }),
      add("d", { runtimeConfig: { ips: ["10.7.7.7"] }, refused: true }),
      look,
    ],
  },
  "two interfaces of a container": {
    network: network(single),
    steps: [add("a"), add("a", { ifname: "net1" }), del("a"), check("a", { ifname: "net1" }), look],
  },
  "an ADD that comes twice": {
    network: network(single),
    steps: [add("a"), add("a", { refused: true }), look, del("a"), look],
  },
  "files of old versions": {
    network: network(single),
    steps: [
      add("a"),
      del("a"),
      { files: { "cni/networks/net/10.1.2.4": "old", "cni/networks/net/10.1.2.5": "new\r\neth0\r\n" } },
      check("old"),
      del("old"),
      del("new"),
      add("b"),
      look,
    ],
  },
  "a DEL of nobody": { network: network(single), steps: [add("a"), del("nobody"), look] },
  "a configuration without a range": {
    network: network({}),
    steps: [add("a", { refused: true })],
    shows: ["invalidConfig"],
  },
  "ranges that overlap": {
    network: network({ subnet: "10.1.2.0/24", ranges: [[{ subnet: "10.1.2.0/25" }]] }),
    steps: [add("a", { refused: true })],
    shows: ["invalidConfig"],
  },
  "a subnet that is too small": {
    network: network({ subnet: "10.1.2.0/31" }),
    steps: [add("a", { refused: true })],
    shows: ["invalidConfig"],
  },
  "two ranges of a family for 0.2.0": {
    network: network({ subnet: "10.1.2.0/24", ranges: [[{ subnet: "10.1.3.0/24" }]] }, {}, "0.2.0"),
    steps: [add("a", { refused: true })],
    shows: ["invalidConfig"],
  },
  "an address that is none": {
    network: network(single),
    steps: [add("a", { args: "IP=nonsense", refused: true }), add("b", { args: "FOO=1", refused: true })],
    shows: ["invalidArguments"],
  },
};

twin.describe("host-local does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
