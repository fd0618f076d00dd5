/** Configurations as runtimes send them, one or more for each plugin, and ways to spoil them. */
import type * as z from "zod";
import type { Random } from "../../../netlink/codec/random.ts";
import { HostLocal } from "../../../src/plugins/ipam/host-local/schema.ts";
import { Bridge } from "../../../src/plugins/main/bridge/schema.ts";
import { Flatnet } from "../../../src/plugins/main/flatnet/schema.ts";
import { Loopback } from "../../../src/plugins/main/loopback/schema.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const prevResult = {
  cniVersion: "1.0.0",
  interfaces: [{ name: "cni0", mac: "02:00:00:00:00:01" }],
  ips: [{ address: "10.1.2.3/24", gateway: "10.1.2.1", interface: 0 }],
  dns: {},
};

/** Pairs of a plugin's schema and a configuration that it takes. */
export const valid: [name: string, schema: z.ZodType, config: Json][] = [
  ["the smallest flatnet", Flatnet, { cniVersion: "1.0.0", name: "flatnet", type: "flatnet" }],
  [
    "flatnet with all that Podman passes",
    Flatnet,
    {
      cniVersion: "1.0.0",
      name: "podman",
      type: "flatnet",
      hostId: 7,
      ipam: { type: "host-local", ranges: [[{ subnet: "10.88.0.0/16" }]], routes: [{ dst: "0.0.0.0/0" }] },
      dns: { nameservers: ["10.1.0.1"], search: ["example.org"] },
      capabilities: { portMappings: true, ips: true, mac: true },
      args: { podman_labels: { a: "b" }, cni: { mac: "", ips: ["10.88.0.9"] } },
      runtimeConfig: {
        portMappings: [
          { hostPort: 8080, containerPort: 80, protocol: "tcp", hostIP: "" },
          { hostPort: 53, containerPort: 53, protocol: "udp", hostIP: "fd00::1" },
        ],
        ips: ["10.88.0.5", "10.88.0.6/16"],
        mac: "02:42:AC:11:00:02",
        ipRanges: [[{ subnet: "fd00::/64", rangeStart: "fd00::10", rangeEnd: "", gateway: "fd00::1" }]],
        dns: { servers: ["1.1.1.1"], searches: [], options: ["ndots:2"] },
        aliases: { podman: ["db", "db.local"] },
      },
    },
  ],
  ["aliases as a list", Flatnet, { name: "n", runtimeConfig: { aliases: ["db"], portMappings: [] } }],
  [
    "a bridge with VLANs",
    Bridge,
    {
      cniVersion: "1.1.0",
      name: "dbnet",
      type: "bridge",
      bridge: "br.7",
      isDefaultGateway: true,
      ipMasq: true,
      ipMasqBackend: "nftables",
      mtu: 1400,
      vlan: 100,
      vlanTrunk: [{ id: 101 }, { minID: 200, maxID: 210 }],
      ipam: { type: "dhcp", daemonSocketPath: "/run/cni/dhcp.sock" },
      prevResult,
      "cni.dev/valid-attachments": [{ containerID: "c1", ifname: "eth0" }],
    },
  ],
  ["a bridge without addresses", Bridge, { name: "l2", type: "bridge", ipam: {}, dns: { domain: "" } }],
  [
    "loopback after another plugin",
    Loopback,
    { cniVersion: "0.4.0", name: "lo", type: "loopback", prevResult },
  ],
  [
    "host-local in both styles",
    HostLocal,
    {
      name: "mixed",
      type: "bridge",
      isGateway: true,
      ipam: {
        type: "host-local",
        subnet: "10.1.0.0/16",
        rangeStart: "10.1.1.0",
        gateway: "",
        ranges: [
          [{ subnet: "10.2.0.0/24", rangeEnd: "10.2.0.99" }, { subnet: "10.3.0.0/24" }],
          [{ subnet: "::ffff:10.4.0.0/120" }],
        ],
        routes: [{ dst: "::/0", gw: "fe80::1", mtu: 1280, advmss: 0, priority: 10, table: 100, scope: 253 }],
        dataDir: "",
        resolvConf: "/etc/resolv.conf",
      },
      args: { cni: { ips: ["10.1.1.9"] } },
      runtimeConfig: { ips: ["10.1.1.8/16"], mac: "no concern of host-local" },
    },
  ],
];

const hostile: Json[] = [
  "",
  " ",
  "true",
  "1500",
  "../../etc",
  "a/b",
  "a".repeat(16),
  "cni0\u0000",
  "10.1.0.0",
  "10.1.0.0/33",
  "010.1.0.1",
  "fd00::1::2",
  "02:42:ac:11:00",
  "TCP",
  "usePodCidr",
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  4095,
  65536,
  1e21,
  Number.MAX_SAFE_INTEGER + 1,
  [],
  [[]],
  [null],
  [""],
  {},
  { type: 7 },
  JSON.parse('{"__proto__": {"polluted": true}}'),
];

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;

type Place = { readonly parent: Json[] | { [key: string]: Json }; readonly key: string | number };

/** Every value inside a configuration, by where it stands. */
function places(parent: Json): Place[] {
  if (typeof parent !== "object" || parent === null) return [];
  const keys = Array.isArray(parent) ? parent.map((_, index) => index) : Object.keys(parent);
  const at = (key: string | number) => (parent as Record<string | number, Json>)[key]!;
  return keys.flatMap((key) => [{ parent, key }, ...places(at(key))]);
}

/** A copy in which one value at a random place is replaced or removed, or an element or unknown key stands beside it. */
export function spoiled(random: Random, config: Json): Json {
  const copy = structuredClone(config);
  if (random.once(50)) return pick(random, hostile);
  const all = places(copy);
  if (all.length === 0) return pick(random, hostile);
  const { parent, key } = pick(random, all);
  const value = pick(random, hostile);
  if (Array.isArray(parent))
    parent.splice(key as number, random.below(2), ...(random.once(3) ? [] : [value]));
  else if (random.once(5)) delete parent[key];
  else parent[random.once(5) ? pick(random, ["x", "ipMsaq", ""]) : key] = value;
  return copy;
}

const flipped = (random: Random, key: string): string =>
  Array.from(key, (letter) => (random.once(2) ? letter.toUpperCase() : letter.toLowerCase())).join("");

/**
 * The same configuration for a decoder that does not regard letter case and takes null for absent: the keys that
 * `schema` names in random case, absent ones as null, and some twice, of which the later one counts.
 * @param schema JSON Schema of the configuration
 */
export function respelled(random: Random, schema: Json | undefined, config: Json): Json {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return config;
  if (typeof config !== "object" || config === null) return config;
  if (Array.isArray(config)) return config.map((element) => respelled(random, schema.items, element));
  const properties = (schema.properties ?? {}) as { [key: string]: Json };
  const spelled: [string, Json][] = [];
  for (const [key, value] of Object.entries(config)) {
    if (!Object.hasOwn(properties, key)) spelled.push([key, value]);
    else {
      if (random.once(10)) spelled.push([key.toUpperCase(), pick(random, hostile)]);
      spelled.push([flipped(random, key), respelled(random, properties[key], value)]);
    }
  }
  for (const key of Object.keys(properties)) if (random.once(10)) spelled.push([flipped(random, key), null]);
  return later(spelled);
}

/** An object in which a repeated spelling stands where it was last, as in a text that is read from left to right. */
function later(entries: [string, Json][]): Json {
  const result: { [key: string]: Json } = {};
  for (const [key, value] of entries) {
    if (value === null && Object.hasOwn(result, key)) continue;
    delete result[key];
    Object.defineProperty(result, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return result;
}
