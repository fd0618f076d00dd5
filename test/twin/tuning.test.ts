/** `tuning` after `bridge`, beside Debian's Go plugin of that name. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration, PluginConfig } from "../plugins/call.ts";
import { goPlugins } from "../plugins/executable.ts";
import { v4 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", `file:${goPlugins}/tuning`, "program:ip");

const DIRECTORY = "/var/lib/tuning";

/** A network of a bridge whose containers are tuned. */
const tuned = (keys: object, cniVersion = "1.0.0"): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [
    { type: "bridge", isGateway: true, ipam: v4 },
    { type: "tuning", capabilities: { mac: true }, dataDir: DIRECTORY, ...keys },
  ],
});

const MAC = "02:00:00:00:01:23";
const OTHER = "02:00:00:00:04:56";
/** ADD, CHECK and DEL, with a look after each that changes something. */
const whole = [add("a"), look, check("a"), del("a"), look, del("a")] as const;
const refused = [add("a", { refused: true })] as const;
const shows = ["backupNamesNetwork"] as const;

/** The bridge gives the interface an address that is known, so that the files of both worlds say the same. */
const FIRST = "02:00:00:00:00:99";
const knowing = (keys: object, cniVersion?: string): Configuration => {
  const { plugins, ...network } = tuned(keys, cniVersion);
  const [first, second] = plugins as [PluginConfig, PluginConfig];
  return { ...network, plugins: [{ ...first, args: { cni: { mac: FIRST } } }, second] };
};

const scenarios: Record<string, Scenario> = {
  "nothing to tune": { network: tuned({}), steps: whole },
  "kernel settings": { network: tuned({ sysctl: { "net.core.somaxconn": "500" } }), steps: whole },
  "a setting of the interface": {
    network: tuned({ sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "1" } }),
    steps: whole,
    shows: ["checkOfInterfaceSetting"],
  },
  "a setting of several values": {
    network: tuned({ sysctl: { "net.ipv4.ping_group_range": "0\t10" } }),
    steps: whole,
  },
  "an mtu": { network: tuned({ mtu: 1400 }), steps: whole, shows },
  "a link-layer address": { network: knowing({ mac: MAC }), steps: whole, shows },
  "promiscuous mode": { network: tuned({ promisc: true }), steps: whole, shows },
  "all multicast on": { network: tuned({ allmulti: true }), steps: whole, shows },
  "all multicast off": { network: tuned({ allmulti: false }), steps: whole, shows },
  "everything, for two containers": {
    network: knowing({
      sysctl: { "net.core.somaxconn": "500" },
      mac: MAC,
      mtu: 1300,
      promisc: true,
      allmulti: true,
    }),
    steps: [add("a"), look, add("b", { ifname: "net1" }), look, check("a"), del("a"), look],
    shows,
  },
  "the address of a runtime before the configured": {
    network: knowing({ mac: MAC }),
    steps: [add("a", { runtimeConfig: { mac: OTHER } }), look],
    shows,
  },
  "the arguments of one attachment before all": {
    network: knowing({
      sysctl: { "net.core.somaxconn": "500" },
      mtu: 1400,
      args: { cni: { mac: OTHER, mtu: 1300, sysctl: { "net.core.somaxconn": "7" } } },
    }),
    steps: whole,
    shows,
  },
  "a result of version 0.3.1": {
    network: knowing({ mac: MAC }, "0.3.1"),
    steps: [add("a"), look, del("a"), look],
    shows,
  },
  "a CHECK after the mtu was changed": {
    network: tuned({ mtu: 1400 }),
    steps: [add("a"), { in: "a", run: "ip link set eth0 mtu 1300" }, check("a", { refused: true })],
  },
  "a CHECK after a setting was changed": {
    network: tuned({ sysctl: { "net.core.somaxconn": "500" } }),
    steps: [
      add("a"),
      { in: "a", run: "echo 9 >/proc/sys/net/core/somaxconn" },
      check("a", { refused: true }),
    ],
  },
  "a CHECK of an interface that became promiscuous": {
    network: tuned({}),
    steps: [add("a"), { in: "a", run: "ip link set eth0 promisc on" }, check("a", { refused: true })],
  },
  "a setting outside net": {
    network: tuned({ sysctl: { "kernel.hostname": "x" } }),
    steps: refused,
    shows: ["invalidConfig"],
  },
  "a setting that does not exist": { network: tuned({ sysctl: { "net.core.nosuch": "1" } }), steps: refused },
  "a value that the kernel refuses": {
    network: tuned({ sysctl: { "net.core.somaxconn": "many" } }),
    steps: refused,
  },
  "an mtu that the interface cannot have": { network: tuned({ mtu: 60 }), steps: refused },
  "a DEL whose namespace has ended": {
    network: tuned({ sysctl: { "net.core.somaxconn": "500" } }),
    steps: [add("a"), { end: "a" }, del("a"), look],
  },
};

twin.describe("tuning does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
