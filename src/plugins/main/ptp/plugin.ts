/** `ptp`: a link of its own between the host and each container, as the reference plugin of that name has it. */
import { configured } from "../../../cni/config/configure.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Call, Plugin } from "../../../cni/plugin.ts";
import type { Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import { type Attaching, attach, compare, detach } from "../../../plan/attaching/attach.ts";
import { collect, firewallElements, links, ownerOf } from "../../../plan/attaching/collect.ts";
import { dnsOver, ipamOf, requireAddresses } from "../../../plan/attaching/leased.ts";
import { forwardingReady } from "../../../plan/forward/status.ts";
import { requireKind } from "../../../plan/kinds.ts";
import { HOST_LINK } from "../../../plan/owner.ts";
import { madeByReference, referenceLeftovers } from "../../../plan/reference/leftovers.ts";
import type { PartName } from "../../../plan/reference/parts.ts";
import { Side } from "../../../plan/side.ts";
import { addressedPlan, linkPlan, type Pair, type PointToPoint, resultOf } from "./plan.ts";
import { shapeOfPtp } from "./schema.ts" with { type: "macro" };
import type { Ptp } from "./schema.ts";

const pairOf = (call: Call<Ptp>): Pair => ({ owner: ownerOf(call), mtu: call.config.mtu });

/** @throws CniError when an address that ADD got has no gateway */
function requireGateways({ command }: Call, { ips }: Result): void {
  const without = ips.find(({ gateway }) => gateway === undefined);
  if (command !== "ADD" || without === undefined) return;
  throw new CniError({
    code: codes.failed,
    operation: "use the address",
    subject: without.address,
    cause: "it came without a gateway, which the host is to be",
    hint: "give one under ipam",
  });
}

function pointToPoint(call: Call<Ptp>, leased: Result): PointToPoint {
  requireAddresses(call, leased);
  requireGateways(call, leased);
  const { config } = call;
  const { ips, routes } = leased;
  return { ...pairOf(call), ips, routes, dns: dnsOver(config, leased), masquerade: config.ipMasq };
}

/** What the Go plugin makes in the firewall for such a configuration. */
const inFirewall = ({ ipMasq }: Ptp): PartName[] => (ipMasq ? ["masquerade"] : []);

const attaching = (call: Call<Ptp>): Attaching => ({
  request: call,
  ipam: () => ipamOf(call),
  link: (sides) => linkPlan(pairOf(call), sides),
  addressed(sides, leased) {
    const wanted = pointToPoint(call, leased);
    return {
      plan: addressedPlan(wanted, sides),
      result: () => resultOf(wanted, sides, call.netns),
    };
  },
  foreign: (host) => [madeByReference(host, ownerOf(call), inFirewall(call.config), call)],
});

export const plugin: Plugin<Ptp> = {
  ...identityOf("ptp"),
  configure: configured(() => shapeOfPtp()),
  add: (call) => attach(attaching(call)),
  del: (call) => detach(attaching(call)),
  check: (call) => compare(attaching(call)),
  gc: (call) =>
    collect({
      request: call,
      addresses: () => ipamOf(call)?.gc(),
      leftovers: [links, firewallElements("masquerade"), referenceLeftovers(inFirewall(call.config))],
    }),
  status(call) {
    ipamOf(call)?.status();
    using host = new Side("host", undefined, call.open);
    requireKind(host, { kind: "veth" });
    if (call.config.ipMasq) forwardingReady(host, { links: `${HOST_LINK}*`, firewall: "maybe" });
  },
};
