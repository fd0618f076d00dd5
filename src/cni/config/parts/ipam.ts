/** The `ipam` key: of the plugin that gives out addresses, and of the plugins that ask another for them. */
import * as z from "zod";
import { dns } from "./common.ts";
import { absolutePath, address, addressWithPrefix, blank, network, pluginType } from "./text.ts";

const rangeBounds = {
  rangeStart: blank(address.optional()).describe(
    "First address to give out; by default the first after the subnet's own.",
  ),
  rangeEnd: blank(address.optional()).describe(
    "Last address to give out; by default the last of the subnet, for IPv4 the one before the broadcast address.",
  ),
  gateway: blank(address.optional()).describe(
    "Gateway, never given out; by default the first address after the subnet's own.",
  ),
};

const range = z.looseObject({
  subnet: network.describe("Subnet in CIDR form: at least four addresses, no bits set after the prefix."),
  ...rangeBounds,
});

/** Range sets: each gives one address to an attachment, from the first of its ranges that has a free one. */
export const rangeSets = z.array(z.array(range).min(1));

const u32 = z.int().min(0).max(4294967295);

const route = z.looseObject({
  dst: network.describe("Destination in CIDR form; 0.0.0.0/0 or ::/0 is the default route."),
  gw: blank(address.optional()).describe(
    "Next hop; by default the gateway of the address of the same family.",
  ),
  mtu: u32.optional().describe("Path MTU in bytes; 0 or absent leaves it to the kernel."),
  advmss: u32
    .optional()
    .describe("TCP segment size to advertise in bytes; 0 or absent leaves it to the kernel."),
  priority: u32.optional().describe("Metric, the lower preferred; 0 or absent leaves it to the kernel."),
  table: u32.optional().describe("Routing table; by default the main table, 254."),
  scope: z.int().min(0).max(255).optional().describe("Scope: 0 universe, 253 link, 254 host; by default 0."),
});

const routes = z.array(route).optional().describe("Routes for the container, copied into the result.");

const type = blank(pluginType.optional());
const ownType = type.describe("Name of the IPAM plugin's executable.");

/** The `ipam` key of a plugin that gives out addresses itself, in the format that host-local made common. */
export const ranges = z.looseObject({
  type: ownType,
  ranges: rangeSets
    .optional()
    .describe("Range sets; an attachment gets one address of each, from its first range with a free one."),
  subnet: network
    .optional()
    .describe("Short form of one range set, in front of `ranges`; the next three keys belong to it."),
  ...rangeBounds,
  routes,
  dataDir: blank(absolutePath.default("/var/lib/cni/networks")).describe(
    "Directory that holds a directory of leases for each network.",
  ),
  reclaim: blank(z.enum(["none", "boot", "dead"]).default("boot")).describe(
    "Leases without DEL that ADD may take: `none`, of an earlier `boot`, or also those whose container is `dead`.",
  ),
  resolvConf: blank(absolutePath.optional()).describe(
    "File in the format of resolv.conf(5) from which the result's `dns` is taken; by default none.",
  ),
});

const fixedAddress = z.looseObject({
  address: addressWithPrefix.describe("Address with the prefix length of its network, such as 10.1.0.5/16."),
  gateway: blank(address.optional()).describe("Gateway of that network; by default none."),
});

/** The `ipam` key of a plugin that gives the addresses that stand in it. */
export const fixed = z.looseObject({
  type: ownType,
  addresses: z.array(fixedAddress).optional().describe("Addresses of the container's interface, in order."),
  routes,
  dns: dns.optional().describe("Name servers for the result."),
});

const provided = z.looseObject({
  option: z.string().describe("Name or number of the option."),
  value: blank(z.string().optional()).describe("Its value: at most 255 bytes."),
  fromArg: blank(z.string().optional()).describe(
    "Key of CNI_ARGS whose value is taken, where there is one, in place of `value`.",
  ),
});

const requested = z.looseObject({
  option: blank(z.string().optional()).describe("Name or number of the option."),
  skipDefault: z
    .boolean()
    .default(false)
    .describe("Do not ask for `routers` and `subnet-mask` besides; one such entry is enough."),
});

/** The `ipam` key of a plugin that asks DHCP servers. */
export const leased = z.looseObject({
  type: ownType,
  daemonSocketPath: blank(z.string().regex(/^\//).default("/run/cni/dhcp.sock"))
    .meta({ wanted: "an absolute path" })
    .describe("Socket of the daemon."),
  provide: z.array(provided).optional().describe("Options to say to servers, in every message."),
  request: z.array(requested).optional().describe("Options to ask servers for, such as `121`, routes."),
  priority: u32.optional().describe("Metric of all routes; 0 or absent leaves it to the kernel."),
  useDns: z
    .boolean()
    .default(false)
    .describe("Ask for name servers and domains too, and give them in the result's `dns`."),
});

/** Our own IPAM plugins, with the schema that has each one's keys. */
export const ipamSchemas = {
  "host-local": "host-local",
  "flatnet-ipam": "host-local",
  static: "static",
  dhcp: "dhcp",
};

/**
 * Editors are sent to the keys of our own IPAM plugins; the running check leaves the keys to the plugin asked.
 * @param usual the plugin that is asked when `type` names none
 */
const ownKeys = (usual?: string) => ({
  allOf: Object.entries(ipamSchemas).map(([name, schema]) => ({
    if: { properties: { type: { const: name } }, ...(name !== usual && { required: ["type"] }) },
    // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
    then: { $ref: `${schema}.schema.json#/properties/ipam` },
  })),
});

/** The `ipam` key of a plugin that asks the plugin named by `type`, which is passed all the other keys. */
export const delegated = z
  .looseObject({
    type: type.describe("Name of the IPAM plugin's executable; absent: the interface gets no address."),
  })
  .meta({ editor: ownKeys() });

/** As `delegated`, with an IPAM plugin that is asked unless another is named. */
export const delegatedTo = (plugin: string) =>
  z
    .looseObject({
      type: blank(pluginType.default(plugin)).describe(
        "Name of the IPAM plugin's executable; the other keys are that plugin's.",
      ),
    })
    .default({ type: plugin })
    .meta({ editor: ownKeys(plugin) });
