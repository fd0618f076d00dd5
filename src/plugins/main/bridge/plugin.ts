/** `bridge`: containers as ports of one bridge on the host, as the reference plugin of that name has it. */
import { removes } from "../../../cni/commands.ts";
import { configured } from "../../../cni/config/configure.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Call, Plugin } from "../../../cni/plugin.ts";
import type { Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import { type Attaching, attach, compare, detach } from "../../../plan/attaching/attach.ts";
import { collect, firewallElements, guardedPorts, links, ownerOf } from "../../../plan/attaching/collect.ts";
import { dnsOver, ipamIfAny, requireAddresses } from "../../../plan/attaching/leased.ts";
import { askedMac } from "../../../plan/attaching/mac.ts";
import { attachingToBridge } from "../../../plan/bridged/attaching.ts";
import { withDefaultRoutes, withGateways } from "../../../plan/bridged/gateways.ts";
import type { Bridged, BridgedLink } from "../../../plan/bridged/model.ts";
import { hostReady } from "../../../plan/bridged/status.ts";
import { madeByReference, referenceLeftovers } from "../../../plan/reference/leftovers.ts";
import type { PartName } from "../../../plan/reference/parts.ts";
import { shapeOfBridge } from "./schema.ts" with { type: "macro" };
import type { Bridge } from "./schema.ts";
import { portVlans } from "./vlans.ts";

function contradiction(cause: string, hint: string): CniError {
  return new CniError({ code: codes.invalidConfig, operation: "read the configuration", cause, hint });
}

function checkTogether({ ipam, disableContainerInterface, hairpinMode, promiscMode }: Bridge): void {
  if (ipam?.type && disableContainerInterface) {
    throw contradiction(
      '"disableContainerInterface" leaves the interface down, and "ipam" gives it addresses',
      "leave out one of the two",
    );
  }
  if (hairpinMode && promiscMode) {
    throw contradiction('"hairpinMode" and "promiscMode" exclude each other', "set one of the two to false");
  }
}

/** DEL removes what keys that have been switched off since the ADD had made. */
function linkOf(call: Call<Bridge>): BridgedLink {
  const { config } = call;
  const removing = removes(call.command);
  return {
    owner: ownerOf(call),
    sandbox: call.netns,
    bridge: { name: config.bridge, promiscuous: config.promiscMode, mtu: config.mtu },
    port: { hairpin: config.hairpinMode, isolated: config.portIsolation },
    vlans: portVlans(removing ? { ...config, vlanTrunk: undefined } : config),
    mac: askedMac(call, ["capability", "args", "MAC"]),
    checkSpoofing: config.macspoofchk || removing,
  };
}

function bridged(call: Call<Bridge>, leased: Result): Bridged {
  const { config } = call;
  const masquerade = config.ipMasq || removes(call.command);
  const isGateway = config.isGateway || config.isDefaultGateway;
  const ips = isGateway ? withGateways(leased.ips) : leased.ips;
  requireAddresses(call, leased);
  return {
    ...linkOf(call),
    detectDuplicates: config.enabledad,
    containerUp: !config.disableContainerInterface,
    ips,
    routes:
      config.isDefaultGateway && call.command === "ADD"
        ? withDefaultRoutes(leased.routes, ips)
        : leased.routes,
    dns: dnsOver(config, leased),
    isGateway,
    forceAddress: config.forceAddress,
    roles: masquerade ? ["masquerade"] : [],
    masquerade,
    masqueradeUnlikely: !config.ipMasq,
    ports: [],
  };
}

/** What the Go plugin makes in the firewall for such a configuration. */
const inFirewall = ({ ipMasq, macspoofchk }: Bridge): PartName[] => [
  ...(ipMasq ? (["masquerade"] as const) : []),
  ...(macspoofchk ? (["spoofCheck"] as const) : []),
];

const attaching = (call: Call<Bridge>): Attaching => ({
  ...attachingToBridge({
    request: call,
    ipam: () => ipamIfAny(call),
    link: () => linkOf(call),
    bridged: (leased) => bridged(call, leased),
  }),
  foreign: (host) => [madeByReference(host, ownerOf(call), inFirewall(call.config), call)],
});

export const plugin: Plugin<Bridge> = {
  ...identityOf("bridge"),
  configure: configured(() => shapeOfBridge()),
  add(call) {
    checkTogether(call.config);
    return attach(attaching(call));
  },
  del: (call) => detach(attaching(call)),
  check: (call) => compare(attaching(call)),
  gc: (call) =>
    collect({
      request: call,
      addresses: () => ipamIfAny(call)?.gc(),
      leftovers: [
        links,
        guardedPorts,
        firewallElements("masquerade"),
        referenceLeftovers(inFirewall(call.config)),
      ],
    }),
  status(call) {
    ipamIfAny(call)?.status();
    hostReady(call, {
      bridge: call.config.bridge,
      needsFirewall: call.config.ipMasq || call.config.macspoofchk,
      firewallMayFollow: true,
    });
  },
};
