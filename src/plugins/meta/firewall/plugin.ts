/** `firewall`: the host's firewall lets containers through, as the reference plugin of that name has it. */
import { withoutPrefix } from "../../../../netlink/wire/cidr.ts";
import { removes } from "../../../cni/commands.ts";
import { configured } from "../../../cni/config/configure.ts";
import { CniError, codes } from "../../../cni/error.ts";
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
import { toldOfObstacles } from "../../../plan/forward/foreign.ts";
import { bridgePolicy, isolatedPorts } from "../../../plan/forward/ingress.ts";
import { bridgeIn, hostInterfaces, portsOf } from "../../../plan/forward/ports.ts";
import { scaffold } from "../../../plan/forward/scaffold.ts";
import { forwardingReady } from "../../../plan/forward/status.ts";
import { familiesOf } from "../../../plan/interface.ts";
import { madeByReference } from "../../../plan/reference/leftovers.ts";
import type { Plan } from "../../../plan/resource.ts";
import { Side } from "../../../plan/side.ts";
import { shapeOfFirewall } from "./schema.ts" with { type: "macro" };
import type { Firewall } from "./schema.ts";

/** firewalld has its own rules for what it lets through, which it writes anew whenever it is reloaded. */
function refuseFirewalld({ config, command }: Call<Firewall>, addresses: readonly string[]): void {
  if (config.backend !== "firewalld" || removes(command)) return;
  const sources = addresses.map((address) => `--add-source=${withoutPrefix(address)}`).join(" ");
  throw new CniError({
    code: codes.failed,
    operation: "let the container's addresses through",
    cause: 'the backend "firewalld" is not there',
    hint: `run firewall-cmd --zone=${config.firewalldZone} ${sources}, or leave out "backend"`,
  });
}

/** The addresses are let through, after the administrator's rules. */
function admitting(call: Call<Firewall>, host: Side, { ips }: Result): Plan {
  const families = [...familiesOf(ips)].map((family) => (family === 4 ? "ip" : "ip6"));
  const addresses = ips.map(({ address }) => address);
  refuseFirewalld(call, addresses);
  return [
    scaffold(host, families, call.config.iptablesAdminChainName),
    admittedAddresses(host, ownerOf(call), addresses),
  ];
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

const chained = (call: Call<Firewall>): Chained => ({
  request: call,
  entersContainer: false,
  plan: ({ host }, previous = emptyResult) => [
    ...admitting(call, host, previous),
    ...guarding(call, host, previous),
    toldOfObstacles(host, { firewall: "yes", links: previous.interfaces[0]?.name }, call.log),
  ],
  foreign(host) {
    const cidrs = (call.prevResult ?? emptyResult).ips.map(({ address }) => address);
    return [madeByReference(host, ownerOf(call), ["admitted"], { cidrs, log: call.log })];
  },
});

export const plugin: Plugin<Firewall> = {
  ...identityOf("firewall"),
  configure: configured(() => shapeOfFirewall()),
  add: (call) => attachToChain(chained(call)),
  del: (call) => detachFromChain(chained(call)),
  check: (call) => compareInChain(chained(call)),
  gc: (call) => collect({ request: call, leftovers: forwardedThings }),
  status({ open }) {
    using host = new Side("host", undefined, open);
    forwardingReady(host, { firewall: "yes" });
  },
};
