/** `macvlan` beside Debian's Go plugin of that name: the same calls, the same answers, links, addresses, routes, sysctls and files. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { goPlugins } from "../plugins/executable.ts";
import { comeAndGo, v4 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { all, networksOf, once } from "./linked.ts";
import { add, check, checksOfWhatIsGone, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", "link:macvlan", `file:${goPlugins}/macvlan`, "program:ip");

const macvlan = networksOf("macvlan");

const scenarios: Record<string, Scenario> = {
  ...all(macvlan),
  "two containers": { network: macvlan({ ipam: v4 }), steps: comeAndGo },
  ...Object.fromEntries(
    ["bridge", "private", "vepa", "passthru", ""].map((mode) => [
      `the mode "${mode}"`,
      { network: macvlan({ mode, ipam: v4 }), steps: once },
    ]),
  ),
  "a mode that there is not": {
    network: macvlan({ mode: "open", ipam: v4 }),
    steps: [add("a", { refused: true })],
    shows: ["invalidConfig"],
  },
  "no addresses at all": { network: macvlan({}), steps: once },
  "link-layer addresses from all sources": {
    network: macvlan({ ipam: v4, mac: "02:00:00:00:00:0A" }),
    steps: [
      add("a"),
      add("b", { args: "IgnoreUnknown=1;MAC=02:00:00:00:00:0b;K8S_POD_NAME=x" }),
      add("c", {
        args: "IgnoreUnknown=1;MAC=02:00:00:00:00:0b",
        runtimeConfig: { mac: "02:00:00:00:00:0c" },
      }),
      look,
      check("a"),
      del("a"),
      del("b"),
      del("c"),
      look,
    ],
  },
  "arguments that it does not know": {
    network: macvlan({ ipam: v4 }),
    steps: [add("a", { args: "K8S_POD_NAME=x", refused: true })],
    shows: ["invalidArguments"],
  },
  "an MTU larger than the master's": {
    network: macvlan({ mtu: 9000, ipam: v4 }),
    steps: [add("a", { refused: true }), look],
  },
  "the master by the default route": {
    network: macvlan({ master: undefined, ipam: v4 }),
    steps: [{ in: "host", run: "ip route add default via 192.0.2.2" }, ...once],
  },
  "no master, and no default route": {
    network: macvlan({ master: undefined, ipam: v4 }),
    steps: [add("a", { refused: true }), look],
  },
  "a CHECK of what is no longer there": {
    network: macvlan({ ipam: { ...v4, routes: [{ dst: "192.168.0.0/16", gw: "10.1.2.9" }] } }),
    steps: [...checksOfWhatIsGone("ip link set eth0 down address 02:00:00:00:00:01 up"), del("d"), look],
  },
  "a DEL after the master has gone": {
    network: macvlan({ master: "up1", ipam: v4 }),
    steps: [
      { in: "host", run: "ip link add up1 type veth peer name up2" },
      add("a"),
      { in: "host", run: "ip link delete up1" },
      del("a"),
      look,
    ],
    shows: ["delWithoutMaster"],
  },
};

twin.describe("macvlan does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
