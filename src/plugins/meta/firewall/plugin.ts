/** `firewall`: the host's firewall lets containers through, as the reference plugin of that name has it. */
import { configured } from "../../../cni/config/configure.ts";
import type { Call, Plugin } from "../../../cni/plugin.ts";
import { emptyResult, type Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import {
  attachToChain,
  type Chained,
  compareInChain,
  detachFromChain,
} from "../../../plan/attaching/chain.ts";
import { collect, forwardedThings, ownerOf } from "../../../plan/attaching/collect.ts";
import { admittedAddresses } from "../../../plan/forward/admitted.ts";
import type { Firewalld } from "../../../plan/forward/firewalld.ts";
import { toldOfObstacles } from "../../../plan/forward/foreign.ts";
import { bridgePolicy, isolatedPorts } from "../../../plan/forward/ingress.ts";
import { bridgeIn, hostInterfaces, portsOf } from "../../../plan/forward/ports.ts";
import { scaffold } from "../../../plan/forward/scaffold.ts";
import { sourcesInZone } from "../../../plan/forward/sources.ts";
import { forwardingReady } from "../../../plan/forward/status.ts";
import { familiesOf } from "../../../plan/interface.ts";
import { madeByReference } from "../../../plan/reference/leftovers.ts";
import type { Plan } from "../../../plan/resource.ts";
import { Side } from "../../../plan/side.ts";
import { firewalldFor, firewalldIfUsable, sources } from "./backend.ts";
import { shapeOfFirewall } from "./schema.ts" with { type: "macro" };
import type { Firewall } from "./schema.ts";

/** The addresses are let through: by firewalld where it runs, else after the administrator's rules. */
function admitting(call: Call<Firewall>, host: Side, firewalld: Firewalld | undefined): Plan {
  const { ips } = call.prevResult ?? emptyResult;
  const cidrs = ips.map(({ address }) => address);
  const owner = ownerOf(call);
  const admitted = admittedAddresses(host, owner, cidrs);
  if (firewalld !== undefined) {
    const zone = call.config.firewalldZone;
    // Here the elements only keep whose the addresses are: firewalld decides.
    const kept = { ...admitted, check: () => [] };
    return [kept, sourcesInZone(host, firewalld, { owner, cidrs, zone, tell: call.log })];
  }
  const families = [...familiesOf(ips)].map((family) => (family === 4 ? "ip" : "ip6"));
  return [scaffold(host, families, call.config.iptablesAdminChainName), admitted];
}

/** From where the containers of the bridge can be reached. DEL looks for ports that stand alone under any policy. */
function guarding(call: Call<Firewall>, host: Side, previous: Result): Plan {
  const { ingressPolicy: policy, name } = call.config;
  const owner = ownerOf(call);
  const wanted = policy === "isolated";
  if (call.command === "DEL")
    return [isolatedPorts(host, owner, { ports: hostInterfaces(previous), wanted })];
  if (policy === "open") return [];
  const bridge = bridgeIn(previous);
  return [
    bridgePolicy(host, name, { bridge, policy }),
    ...(wanted ? [isolatedPorts(host, owner, { ports: portsOf(host, previous, bridge), wanted })] : []),
  ];
}

const chained = (call: Call<Firewall>, firewalld: Firewalld | undefined): Chained => ({
  request: call,
  entersContainer: false,
  plan({ host }, previous = emptyResult) {
    const links = previous.interfaces[0]?.name;
    return [
      ...admitting(call, host, firewalld),
      ...guarding(call, host, previous),
      toldOfObstacles(host, { firewall: firewalld ? "firewalld" : "iptables", links }, call.log),
    ];
  },
  foreign(host) {
    const cidrs = (call.prevResult ?? emptyResult).ips.map(({ address }) => address);
    return [madeByReference(host, ownerOf(call), ["admitted"], { cidrs, log: call.log })];
  },
});

export const plugin: Plugin<Firewall> = {
  ...identityOf("firewall"),
  configure: configured(() => shapeOfFirewall()),
  add(call) {
    using firewalld = firewalldFor(call);
    return attachToChain(chained(call, firewalld));
  },
  del(call) {
    using firewalld = firewalldIfUsable(call);
    detachFromChain(chained(call, firewalld));
  },
  check(call) {
    using firewalld = firewalldFor(call);
    compareInChain(chained(call, firewalld));
  },
  gc(call) {
    using firewalld = firewalldIfUsable(call);
    const leftovers = [...forwardedThings, ...(firewalld ? [sources(firewalld, call.config)] : [])];
    collect({ request: call, leftovers });
  },
  status(call) {
    using firewalld = firewalldFor(call);
    using host = new Side("host", undefined, call.open);
    forwardingReady(host, { firewall: firewalld ? "firewalld" : "iptables" });
  },
};
