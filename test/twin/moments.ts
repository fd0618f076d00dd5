/** What is known of each step of a scenario before it is played: who is attached, and what the plugins made by then. */
import type { Configuration } from "../plugins/call.ts";
import { type Call, networkOf, type Scenario, type Step } from "./play.ts";

/** An attachment whose ADD has succeeded. */
export interface Attached {
  readonly id: string;
  readonly ifname: string;
  readonly network: Configuration;
  /** IPAM gave it IPv6 addresses. */
  readonly v6: boolean;
  /** In which directions bandwidth limits it. */
  readonly limited: { readonly ingress: boolean; readonly egress: boolean };
}

export interface Moment {
  /** Number of the step. */
  readonly step: string;
  readonly what: Step;
  /** Attachments when it is over. */
  readonly attached: readonly Attached[];
  /** Bridges that plugins have made so far. */
  readonly bridges: readonly string[];
  /** The gateways' devices in VLANs that they have made so far. */
  readonly vlanDevices: readonly string[];
  /** IPv6 gateway addresses that they have got. */
  readonly gateways6: readonly { readonly bridge: string; readonly cidr: string }[];
}

interface Keys {
  readonly type: string;
  readonly bridge?: string;
  readonly vlan?: number;
  readonly isGateway?: boolean;
  readonly isDefaultGateway?: boolean;
  readonly ipam?: { readonly type?: string };
}

const keysOf = ({ plugins: [plugin] }: Configuration): Keys => plugin as Keys;
const bridgeOf = (network: Configuration): string => keysOf(network).bridge ?? "cni0";
/** The gateway's device in the network's VLAN; undefined without one. */
const vlanDeviceOf = (network: Configuration): string | undefined =>
  keysOf(network).vlan ? `${bridgeOf(network)}.${keysOf(network).vlan}` : undefined;
/** The first IPv6 addresses of its ranges' subnets, with the length of the prefix. */
const subnets6 = (network: Configuration): string[] =>
  [...JSON.stringify(keysOf(network).ipam ?? {}).matchAll(/"subnet":"([\da-f:]+::)\/(\d+)"/g)].map(
    ([, prefix, length]) => `${prefix}1/${length}`,
  );

/** The IPv6 gateways that its ranges have unless they say otherwise. */
export const gateways6 = (network: Configuration): string[] =>
  subnets6(network).map((cidr) => cidr.replace(/\/.*/, ""));

/** Whether IPAM gives IPv6 addresses: out of ranges, or those that it names. */
const givesV6 = (network: Configuration): boolean =>
  subnets6(network).length > 0 || /"address":"[\da-f]*:/.test(JSON.stringify(keysOf(network).ipam ?? {}));

/** The directions that have a limit in the configuration, or if it has none, in what the runtime passes. */
function limitedBy({ plugins }: Configuration, { runtimeConfig }: Call): Attached["limited"] {
  const keys = plugins.find(({ type }) => type === "bandwidth");
  const own = Object.keys(keys ?? {}).some((key) => /^(in|e)gress(Rate|Burst)$/.test(key));
  const passed = keys && (runtimeConfig?.bandwidth as Record<string, unknown> | undefined);
  const limits = own ? keys : passed;
  return { ingress: Boolean(limits?.ingressRate), egress: Boolean(limits?.egressRate) };
}

function attachedBy(scenario: Scenario, call: Call): Attached {
  const network = networkOf(scenario, call);
  return {
    id: call.id,
    ifname: call.ifname ?? "eth0",
    network,
    v6: givesV6(network),
    limited: limitedBy(network, call),
  };
}

const same = (a: Attached, b: Attached): boolean =>
  a.id === b.id && a.ifname === b.ifname && a.network.name === b.network.name;

function attachedAfter(before: readonly Attached[], scenario: Scenario, step: Step): readonly Attached[] {
  if (typeof step === "object" && "end" in step) return before.filter(({ id }) => id !== step.end);
  if (typeof step !== "object" || !("call" in step) || step.refused) return before;
  const own = attachedBy(scenario, step);
  const others = before.filter((each) => !same(each, own));
  return step.call === "ADD" ? [...others, own] : step.call === "DEL" ? others : before;
}

const unique = <T>(list: readonly T[]): T[] =>
  list.filter((item, nth) => list.findIndex((other) => Bun.deepEquals(item, other)) === nth);

/** The moments of a scenario, one a step. */
export function momentsOf(scenario: Scenario): Moment[] {
  let attached: readonly Attached[] = [];
  let ever: readonly Attached[] = [];
  const given = JSON.stringify(scenario.steps);
  return scenario.steps.map((what, nth) => {
    attached = attachedAfter(attached, scenario, what);
    ever = unique([...ever, ...attached]);
    const networks = ever
      .map(({ network }) => network)
      .filter((network) => keysOf(network).type === "bridge");
    const bridges = unique(networks.map(bridgeOf)).filter((bridge) => !given.includes(`link add ${bridge} `));
    const routed = networks.filter(
      (network) => keysOf(network).isGateway || keysOf(network).isDefaultGateway,
    );
    const vlanDevices = unique(routed.flatMap((network) => vlanDeviceOf(network) ?? []));
    const gateways6 = routed.flatMap((network) =>
      subnets6(network).map((cidr) => ({ bridge: vlanDeviceOf(network) ?? bridgeOf(network), cidr })),
    );
    return { step: `${nth + 1}`, what, attached, bridges, vlanDevices, gateways6: unique(gateways6) };
  });
}
