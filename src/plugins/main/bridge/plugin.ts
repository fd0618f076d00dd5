/** `bridge`: containers as ports of one bridge on the host, as the reference plugin of that name has it. */
import { removes } from "../../../cni/commands.ts";
import { configured } from "../../../cni/config/configure.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Call, Plugin } from "../../../cni/plugin.ts";
import type { Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import { type Attaching, attach, compare, detach, ownerOf } from "../../../plan/bridged/attach.ts";
import { collect } from "../../../plan/bridged/collect.ts";
import { withDefaultRoutes, withGateways } from "../../../plan/bridged/gateways.ts";
import { askedMac } from "../../../plan/bridged/mac.ts";
import type { Bridged } from "../../../plan/bridged/model.ts";
import { hostReady } from "../../../plan/bridged/status.ts";
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

function bridged(call: Call<Bridge>, leased: Result): Bridged {
  const { config } = call;
  const isGateway = config.isGateway || config.isDefaultGateway;
  const ips = isGateway ? withGateways(leased.ips) : leased.ips;
  if (call.command === "ADD" && config.ipam?.type && ips.length === 0) {
    throw new CniError({
      code: codes.failed,
      operation: "take an address from",
      subject: config.ipam.type,
      cause: "the IPAM plugin gave none",
      hint: "see its configuration under ipam",
    });
  }
  return {
    owner: ownerOf(call),
    sandbox: call.netns,
    bridge: { name: config.bridge, promiscuous: config.promiscMode, mtu: config.mtu },
    port: { hairpin: config.hairpinMode, isolated: config.portIsolation },
    vlans: removes(call.command) ? undefined : portVlans(config),
    mac: askedMac(call),
    detectDuplicates: config.enabledad,
    containerUp: !config.disableContainerInterface,
    ips,
    routes:
      config.isDefaultGateway && call.command === "ADD"
        ? withDefaultRoutes(leased.routes, ips)
        : leased.routes,
    dns: config.dns && Object.keys(config.dns).length > 0 ? config.dns : leased.dns,
    isGateway,
    forceAddress: config.forceAddress,
    usesFirewall: config.ipMasq,
    masquerade: config.ipMasq,
    checkSpoofing: config.macspoofchk,
    ports: [],
  };
}

const attaching = (call: Call<Bridge>): Attaching => ({
  request: call,
  ipam: () => (call.config.ipam?.type ? call.ipam(call.config.ipam.type) : undefined),
  bridged: (leased) => bridged(call, leased),
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
  gc: (call) => collect(attaching(call)),
  status(call) {
    attaching(call).ipam()?.status();
    hostReady(call, {
      bridge: call.config.bridge,
      needsFirewall: call.config.ipMasq || call.config.macspoofchk,
    });
  },
};
