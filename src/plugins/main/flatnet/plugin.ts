/** `flatnet`: a whole container network in one call, with a default for every key. */
import { withoutPrefix } from "../../../../netlink/wire/cidr.ts";
import { removes } from "../../../cni/commands.ts";
import { configured } from "../../../cni/config/configure.ts";
import { CniError, codes } from "../../../cni/error.ts";
import { JsonObject } from "../../../cni/json.ts";
import type { Call, Plugin } from "../../../cni/plugin.ts";
import type { Dns, Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import { attach, compare, detach } from "../../../plan/attaching/attach.ts";
import { collect, firewallElements, links, ownerOf } from "../../../plan/attaching/collect.ts";
import { askedMac } from "../../../plan/attaching/mac.ts";
import { attachingToBridge } from "../../../plan/bridged/attaching.ts";
import { withDefaultRoutes, withGateways } from "../../../plan/bridged/gateways.ts";
import type { Bridged, BridgedLink } from "../../../plan/bridged/model.ts";
import { hostReady } from "../../../plan/bridged/status.ts";
import { publishedPorts } from "../../../plan/firewall/ports.ts";
import { shapeOfFlatnet } from "./schema.ts" with { type: "macro" };
import type { Flatnet } from "./schema.ts";

/** The IPAM plugin whose ranges have defaults here. */
const OWN_IPAM = "flatnet-ipam";

/** The addresses of a network that names none: its own /24 for each numbered host, one for all others. */
const defaultRange = (hostId: number | undefined) =>
  hostId === undefined
    ? { subnet: "10.87.1.0/24", gateway: "10.87.1.1" }
    : {
        subnet: `10.100.${hostId}.0/24`,
        rangeStart: `10.100.${hostId}.10`,
        gateway: `10.100.${hostId}.1`,
      };

/** The configuration for IPAM: ours gets the default range where no range is given. */
function ipamConfig({ config, command }: Call<Flatnet>): unknown {
  const { ipam, hostId, runtimeConfig } = config;
  if (ipam.type !== OWN_IPAM) return undefined;
  const keys = new JsonObject(ipam, "ipam");
  const ranges = keys.value("subnet") ?? keys.value("ranges") ?? runtimeConfig?.ipRanges;
  if (ranges === undefined) return { ...config, ipam: { ...ipam, ranges: [[defaultRange(hostId)]] } };
  if (hostId !== undefined && !removes(command)) {
    throw new CniError({
      code: codes.invalidConfig,
      operation: "read the configuration",
      cause: '"hostId" stands for a subnet, and another one is given under "ipam" or by the runtime',
      hint: "leave out one of the two",
    });
  }
  return config;
}

/** Name servers as the runtime passes them, else as configured, else as IPAM found them. */
function dnsOf({ dns, runtimeConfig }: Flatnet, leased: Result): Dns {
  const { servers, searches, options } = runtimeConfig?.dns ?? {};
  if (servers?.length || searches?.length || options?.length) {
    return { nameservers: servers, search: searches, options };
  }
  return dns && Object.keys(dns).length > 0 ? dns : leased.dns;
}

function linkOf(call: Call<Flatnet>): BridgedLink {
  const { config } = call;
  return {
    owner: ownerOf(call),
    sandbox: call.netns,
    bridge: { name: config.bridge, promiscuous: false, mtu: config.mtu },
    port: { hairpin: config.hairpinMode, isolated: false },
    vlans: config.vlan
      ? { untagged: config.vlan, tagged: [], gatewayDevice: true, keepDefault: false }
      : undefined,
    mac: askedMac(call, ["capability", "args", "MAC"], ["IP"]),
    checkSpoofing: false,
  };
}

function bridged(call: Call<Flatnet>, leased: Result): Bridged {
  const { config, command } = call;
  const ips = config.isGateway ? withGateways(leased.ips) : leased.ips;
  const addresses = ips.map(({ address }) => withoutPrefix(address));
  return {
    ...linkOf(call),
    detectDuplicates: false,
    containerUp: true,
    ips,
    routes: config.isGateway && command === "ADD" ? withDefaultRoutes(leased.routes, ips) : leased.routes,
    dns: dnsOf(config, leased),
    isGateway: config.isGateway,
    forceAddress: false,
    roles: ["masquerade", "publish"],
    masquerade: config.ipMasq,
    masqueradeUnlikely: false,
    ports: addresses.length === 0 ? [] : publishedPorts(config.runtimeConfig?.portMappings ?? [], addresses),
  };
}

const ipamOf = (call: Call<Flatnet>) => call.ipam(call.config.ipam.type, ipamConfig(call));

const attaching = (call: Call<Flatnet>) =>
  attachingToBridge({
    request: call,
    ipam: () => ipamOf(call),
    link: () => linkOf(call),
    bridged: (leased) => bridged(call, leased),
  });

export const plugin: Plugin<Flatnet> = {
  ...identityOf("flatnet"),
  configure: configured(() => shapeOfFlatnet()),
  add: (call) => attach(attaching(call)),
  del: (call) => detach(attaching(call)),
  check: (call) => compare(attaching(call)),
  gc: (call) =>
    collect({
      request: call,
      addresses: () => ipamOf(call).gc(),
      leftovers: [links, firewallElements("masquerade", "publish")],
    }),
  status(call) {
    ipamOf(call).status();
    hostReady(call, { bridge: call.config.bridge, needsFirewall: true, firewallMayFollow: false });
  },
};
