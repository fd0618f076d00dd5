/** `sbr` after `bridge`, beside Debian's Go plugin of that name. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins } from "../plugins/executable.ts";
import { dual, madeBridge, v4, v6 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", `file:${goPlugins}/sbr`, `file:${goPlugins}/static`, "program:ip");

/** A network of a bridge whose containers route by their addresses. */
const routed = (
  ipam: object,
  keys: object = {},
  bridge: object = { isGateway: true },
  cniVersion = "1.0.0",
): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [
    { type: "bridge", ipam, ...bridge },
    { type: "sbr", ...keys },
  ],
});

/** A second network, for a second interface. */
const second = (ipam: object, keys: object = {}): Configuration => ({
  cniVersion: "1.0.0",
  name: "other",
  plugins: [
    { type: "bridge", bridge: "cni1", isGateway: true, ipam },
    { type: "sbr", ...keys },
  ],
});

const toDefault = [{ dst: "0.0.0.0/0" }];
const toBoth = [{ dst: "0.0.0.0/0" }, { dst: "::/0" }];
const elsewhere = { type: "host-local", subnet: "10.5.0.0/24", routes: toDefault };
const fixed = (...addresses: object[]) => ({ type: "static", addresses });

/** Two interfaces, of which both may have a default route. */
const two = (other: Configuration) =>
  [
    add("a"),
    add("a", { ifname: "net1", network: other }),
    look,
    del("a", { ifname: "net1", network: other }),
    look,
    del("a"),
    look,
  ] as const;

const shows = ["goneIsDone"] as const;
const comeAndGo = [add("a"), look, del("a"), look, del("a")] as const;
/** The same on a bridge that is there. */
const onBridge = [madeBridge(), ...comeAndGo] as const;
const refused = [add("a", { refused: true })] as const;

const scenarios: Record<string, Scenario> = {
  "one address without routes": { network: routed(v4), steps: comeAndGo, shows },
  "a default route by IPAM": { network: routed({ ...v4, routes: toDefault }), steps: comeAndGo, shows },
  "a default route by the bridge": {
    network: routed(v4, {}, { isDefaultGateway: true }),
    steps: comeAndGo,
    shows,
  },
  "default routes of both families": {
    network: routed({ ...dual, routes: toBoth }),
    steps: comeAndGo,
    shows,
  },
  "IPv6 alone": { network: routed({ ...v6, routes: [{ dst: "::/0" }] }), steps: comeAndGo, shows },
  "no gateway at all": {
    network: routed(fixed({ address: "10.1.2.3/24" }), {}, {}),
    steps: onBridge,
    shows,
  },
  "routes by other gateways, and on the link": {
    network: routed(
      {
        ...fixed({ address: "10.1.2.3/24" }, { address: "fd00:1:2::3/64" }),
        routes: [
          { dst: "192.168.0.0/16", gw: "10.1.2.9" },
          { dst: "172.16.0.0/12" },
          { dst: "2001:db8:9::/48", gw: "fd00:1:2::9" },
          { dst: "2001:db8:8::/48" },
        ],
      },
      {},
      {},
    ),
    steps: onBridge,
    shows,
  },
  "several addresses, a table for each": {
    network: routed(
      {
        ...fixed(
          { address: "10.1.2.3/24", gateway: "10.1.2.1" },
          { address: "10.1.3.3/24", gateway: "10.1.3.1" },
          { address: "fd00:1:2::3/64", gateway: "fd00:1:2::1" },
        ),
        routes: [
          { dst: "192.168.0.0/16", gw: "10.1.2.9" },
          { dst: "192.168.0.0/17", gw: "10.1.3.9" },
        ],
      },
      {},
      {},
    ),
    steps: onBridge,
    shows,
  },
  "two addresses of one subnet": {
    network: routed(
      fixed({ address: "10.1.2.3/24", gateway: "10.1.2.1" }, { address: "10.1.2.4/24", gateway: "10.1.2.1" }),
      {},
      {},
    ),
    steps: onBridge,
    shows,
  },
  "two interfaces with default routes": {
    network: routed({ ...dual, routes: toBoth }),
    steps: two(second(elsewhere)),
  },
  "a second interface alone": {
    network: {
      cniVersion: "1.0.0",
      name: "net",
      plugins: [{ type: "bridge", isDefaultGateway: true, ipam: dual }],
    },
    steps: two(second(elsewhere)),
  },
  "tables that rules use already": {
    network: routed({ ...v4, routes: toDefault }),
    steps: [
      { in: "a", run: "ip rule add from 192.0.2.7 lookup 100; ip -6 rule add from 2001:db8::7 lookup 102" },
      ...comeAndGo,
    ],
    shows,
  },
  "a route in main that is somebody else's": {
    network: routed({ ...v4, routes: toDefault }),
    steps: [{ in: "a", run: "ip link set lo up; ip route add 198.51.100.0/24 dev lo" }, ...comeAndGo],
    shows,
  },
  "several containers": {
    network: routed({ ...v4, routes: toDefault }),
    steps: [add("a"), add("b"), look, del("a"), look, check("b"), del("b"), look],
    shows: ["checkOfMovedRoutes"],
  },
  "no address": { network: routed({}, {}, { ipam: {} }), steps: refused },
  "a DEL whose interface has gone": {
    network: routed({ ...v4, routes: toDefault }),
    steps: [add("a"), { in: "a", run: "ip link delete eth0; ip rule delete from 10.1.2.2" }, del("a")],
    shows,
  },
  "0.3.1": {
    network: routed({ ...v4, routes: toDefault }, {}, { isGateway: true }, "0.3.1"),
    steps: comeAndGo,
    shows,
  },
  "0.4.0": {
    network: routed({ ...v4, routes: toDefault }, {}, { isGateway: true }, "0.4.0"),
    steps: comeAndGo,
    shows,
  },
  "no plugin before it": {
    network: { cniVersion: "1.0.0", name: "net", plugins: [{ type: "sbr" }] },
    steps: [...refused, look],
    shows: ["invalidConfig"],
  },
};

twin.describe("sbr does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
