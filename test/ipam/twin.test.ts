/** The same calls to the Go program, to ours, and to both in turn on one directory: same answers, same files. */
import { expect } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { needs } from "../needs.ts";
import { scratch } from "../sys/scratch.ts";
import { type Call, type Ending, go, goBinary, network, ours } from "./implementations.ts";

const at = scratch();
const twin = needs(`file:${goBinary}`);

/** Calls in order, on a directory that may hold files already. */
interface Scenario {
  readonly files?: Readonly<Record<string, string>>;
  readonly calls: readonly (Omit<Call, "config"> & { readonly config?: object })[];
  /** The configuration of calls that bring none; `dataDir` is filled in. */
  readonly config: object;
}

type Implementation = (call: Call) => Ending;

/** What both have to agree on; words and codes of errors are each one's own. */
const essence = ({ exit, said }: Ending) =>
  exit === 0 ? { ips: said.ips, routes: said.routes, dns: said.dns ?? {} } : "refused";

const withDataDir = (config: object, dataDir: string): object => {
  const { ipam } = config as { ipam: object };
  return { ...config, ipam: { ...ipam, dataDir } };
};

/** Plays a scenario, the calls given to the implementations in turn, in a new directory. */
function play({ files = {}, calls, config }: Scenario, implementations: readonly Implementation[]) {
  const dataDir = mkdtempSync(at("data-"));
  mkdirSync(`${dataDir}/net`);
  for (const [name, text] of Object.entries(files)) writeFileSync(`${dataDir}/net/${name}`, text);
  const answers = calls.map((call, index) => {
    const implementation = implementations[index % implementations.length]!;
    return essence(implementation({ ...call, config: withDataDir(call.config ?? config, dataDir) }));
  });
  const left = readdirSync(`${dataDir}/net`).sort();
  return {
    answers,
    files: Object.fromEntries(left.map((name) => [name, readFileSync(`${dataDir}/net/${name}`, "utf8")])),
  };
}

const add = (containerId: string, more: object = {}) => ({ command: "ADD", containerId, ...more });
const del = (containerId: string, more: object = {}) => ({ command: "DEL", containerId, ...more });
const check = (containerId: string, more: object = {}) => ({ command: "CHECK", containerId, ...more });

const slash29 = network({ subnet: "10.1.2.0/29" });
const dual = network({
  ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "2001:db8:1::/64" }]],
  routes: [
    { dst: "0.0.0.0/0" },
    { dst: "192.168.0.0/16", gw: "10.1.2.9" },
    { dst: "2001:DB8:9:0::/64", gw: "2001:db8:1:0::1" },
  ],
});
const requesting = (
  ips: string[],
  ipam: object = { ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "10.1.3.0/24" }]] },
) => network(ipam, { runtimeConfig: { ips } });

const scenarios: Record<string, Scenario> = {
  "two families, routes, CHECK, DEL": {
    config: dual,
    calls: [add("a"), check("a"), add("b"), del("a"), check("a"), add("c")],
  },
  "two interfaces of a container": {
    config: slash29,
    calls: [add("a"), add("a", { ifname: "net1" }), del("a"), check("a"), check("a", { ifname: "net1" })],
  },
  "a second ADD of the same attachment": {
    config: slash29,
    calls: [add("a"), add("a"), add("b"), check("a")],
  },
  "a DEL of nobody": { config: slash29, calls: [del("a"), del("a"), add("a")] },
  "an ADD after each DEL": {
    config: slash29,
    calls: [
      add("a"),
      del("a"),
      add("b"),
      del("b"),
      add("c"),
      del("c"),
      add("d"),
      del("d"),
      add("e"),
      del("e"),
      add("f"),
      del("f"),
    ],
  },
  "a range that is used up and has room again": {
    config: network({ ranges: [[{ subnet: "10.1.2.0/30" }, { subnet: "10.1.4.0/30" }]] }),
    calls: [add("a"), add("b"), add("c"), del("a"), add("c"), add("d"), del("c"), add("d")],
  },
  "a second set that is used up": {
    config: network({ ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "10.1.3.0/30" }]] }),
    calls: [add("a"), add("b"), add("c"), del("a"), add("b")],
  },
  "bounds and gateway": {
    config: network({
      subnet: "10.1.2.0/24",
      rangeStart: "10.1.2.9",
      rangeEnd: "10.1.2.11",
      gateway: "10.1.2.10",
    }),
    calls: [add("a"), add("b"), add("c")],
  },
  "ranges of the runtime before the others": {
    config: network(
      { subnet: "10.1.2.0/24", ranges: [[{ subnet: "10.1.4.0/24" }]] },
      { runtimeConfig: { ipRanges: [[{ subnet: "11.1.2.0/24" }], [{ subnet: "2001:db8:1::/126" }]] } },
    ),
    calls: [add("a"), add("b"), add("c"), add("d"), del("b"), check("a")],
  },
  "files of very old versions, and white space": {
    config: slash29,
    files: {
      "10.1.2.2": "old",
      "10.1.2.3": "new\r\neth0\r\n \n",
      "10.1.2.4": "  old2 \n",
      "10.1.2.5": "else\r\neth0",
    },
    calls: [
      add("old"),
      check("old"),
      del("old"),
      check("old2"),
      del("old2"),
      check("new"),
      del("new"),
      add("x"),
    ],
  },
  "notes that are empty, cut or from elsewhere": {
    config: network({
      ranges: [[{ subnet: "10.1.2.0/29" }], [{ subnet: "10.1.3.0/29" }], [{ subnet: "10.1.4.0/29" }]],
    }),
    files: { "last_reserved_ip.0": "", "last_reserved_ip.1": "10.1.3.", "last_reserved_ip.2": "10.9.9.9" },
    calls: [add("a"), add("b")],
  },
  "an empty file where a lease would be": {
    config: slash29,
    files: { "10.1.2.2": "" },
    calls: [add("a"), del("a"), del("b")],
  },
  "an address by CNI_ARGS": {
    config: slash29,
    calls: [
      add("a", { args: "IP=10.1.2.5" }),
      add("b", { args: "IgnoreUnknown=1;K8S_POD_NAME=x;IP=10.1.2.6/24" }),
      add("c", { args: "IP=10.1.2.5" }),
      add("d", { args: "IP=10.1.2.1" }),
      add("e", { args: "IP=10.9.9.9" }),
      add("f", { args: "IP=nonsense" }),
      add("g", { args: "UNKNOWN=1" }),
      add("h"),
    ],
  },
  "addresses by runtimeConfig and args": {
    config: slash29,
    calls: [
      add("a", { config: requesting(["10.1.3.77"]) }),
      add("b", { config: requesting(["10.1.3.78/24", "10.1.2.7"]) }),
      add("c", { config: requesting(["10.1.2.8", "10.1.2.9"]) }),
      add("d", { config: requesting(["10.1.2.8", "10.9.9.9"]) }),
      add("e", { config: requesting(["10.1.3.77"]) }),
      add("f", { config: network({ subnet: "10.1.2.0/24" }, { args: { cni: { ips: ["10.1.2.99"] } } }) }),
      add("g", {
        config: requesting(["2001:DB8:1::5"], {
          ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "2001:db8:1::/64" }]],
        }),
      }),
      add("h", {
        args: "IP=10.1.2.50",
        config: { ...requesting(["10.1.3.50/16"]), args: { cni: { ips: ["10.1.2.50"] } } },
      }),
    ],
  },
  "the same attachment asking for a second address": {
    config: slash29,
    calls: [
      add("a", { args: "IP=10.1.2.5" }),
      add("a", { args: "IP=10.1.2.4" }),
      check("a"),
      del("a"),
      check("a"),
    ],
  },
  "configurations that nobody takes": {
    config: slash29,
    calls: [
      network({}),
      network({ subnet: "10.1.2.1/24" }),
      network({ subnet: "10.1.2.0/31" }),
      network({ subnet: "10.1.2.0/24", rangeStart: "10.1.3.1" }),
      network({ subnet: "10.1.2.0/24", rangeStart: "10.1.2.9", rangeEnd: "10.1.2.8" }),
      network({ subnet: "10.1.2.0/24", ranges: [[{ subnet: "10.1.2.0/25" }]] }),
      network({ ranges: [[]] }),
      network({ ranges: [[{ subnet: "10.1.2.0/24" }, { subnet: "2001:db8::/64" }]] }),
      network({ subnet: "10.1.2.0/24", resolvConf: "/no/such/file" }),
      { ...network({ subnet: "10.1.2.0/24", ranges: [[{ subnet: "10.1.3.0/24" }]] }), cniVersion: "0.2.0" },
      {
        ...network({
          subnet: "10.1.2.0/24",
          ranges: [[{ subnet: "2001:db8::/64" }, { subnet: "2001:db8:1::/64" }]],
        }),
        cniVersion: "0.2.0",
      },
    ].map((config, index) => add(`c${index}`, { config })),
  },
};

const ways: Record<string, readonly Implementation[]> = {
  ours: [ours],
  "Go and ours in turn": [go, ours],
  "ours and Go in turn": [ours, go],
};

twin.describe.each(Object.entries(scenarios))("%s", (_, scenario) => {
  twin.test.each(Object.entries(ways))("%s", (_, way) => {
    expect(play(scenario, way)).toEqual(play(scenario, [go]));
  });
});

twin.test("resolver settings", () => {
  writeFileSync(
    at("resolv.conf"),
    "# comment\n; comment\ndomain example.com\nnameserver 192.0.2.1\nnameserver\nnameserver 192.0.2.2 more\n" +
      "search a.example b.example\nsearch c.example\noptions ndots:5\noptions edns0 trust-ad\n",
  );
  const scenario = {
    config: network({ subnet: "10.1.2.0/24", resolvConf: at("resolv.conf") }),
    calls: [add("a")],
  };
  expect(play(scenario, [ours])).toEqual(play(scenario, [go]));
});
