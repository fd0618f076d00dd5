/** The commands of a plugin that gives a container an interface, once its configuration is in the plan's terms. */
import { freesThroughInterface, type Ipam } from "../../cni/delegate.ts";
import { CniError, codes } from "../../cni/error.ts";
import type { Call } from "../../cni/plugin.ts";
import { emptyResult, type Result } from "../../cni/result.ts";
import { namespaceIfThere, namespaceOf } from "../namespaces.ts";
import { allOrNothing, differences, onlyRemoved, type Plan, removeAll } from "../resource.ts";
import type { Side } from "../side.ts";
import { previousAddresses, previousMac, requirePrevious } from "./previous.ts";
import { onBothSides, type Sides } from "./sides.ts";

/** What is made once the addresses are known, and the result of the whole. */
export interface Addressed {
  readonly plan: Plan;
  result(): Result;
}

/** A call in terms of the plan: how its configuration becomes a plan, given what IPAM gave. */
export interface Attaching {
  readonly request: Call;
  /** The IPAM plugin; undefined when the interface gets no addresses. @throws CniError when it cannot be found */
  ipam(): Ipam | undefined;
  /** The interface itself. It is made before addresses are asked for: a DHCP client asks through it. */
  link(sides: Sides): Plan;
  /** All the rest. @throws CniError when configuration and addresses do not go together */
  addressed(sides: Sides, leased: Result): Addressed;
  /** What only DEL looks for: it was made by another program. */
  foreign?(host: Side): Plan;
}

/** Makes the attachment, or nothing. The namespace and the IPAM plugin are looked for before anything is made. */
export function attach({ request, ipam, link, addressed }: Attaching): Result {
  return onBothSides(request, namespaceOf(request.netns), (sides) =>
    allOrNothing((made) => {
      const addresses = ipam();
      let leased: Result | undefined;
      const takeBack = () => leased && addresses?.del();
      const throughLink = freesThroughInterface(request.config.ipam?.type);
      // First, so that it is taken back last: somebody else may get the address, and no link must have it then.
      if (!throughLink) made.remember(takeBack);
      for (const resource of link(sides)) made.ensure(resource);
      if (throughLink) made.remember(takeBack);
      leased = addresses?.add();
      const { plan, result } = addressed(sides, leased ?? emptyResult);
      for (const resource of plan) made.ensure(resource);
      return result();
    }),
  );
}

/** What of an earlier ADD's result the plan is made from, when IPAM is not to be asked again. */
function leaseIn({ prevResult, ifname }: Call): Result {
  const { routes, dns } = prevResult ?? emptyResult;
  return { interfaces: [], ips: previousAddresses(prevResult, ifname), routes, dns };
}

const planOf = ({ request, link, addressed }: Attaching, sides: Sides): Plan => [
  ...link(sides),
  ...addressed(sides, leaseIn(request)).plan,
];

/** What is removed, last first: with the lease at the end that it is removed at. */
export function withLease({ config }: Call, plan: Plan, free: () => void): Plan {
  const lease = onlyRemoved("address lease", free);
  return freesThroughInterface(config.ipam?.type) ? [...plan, lease] : [lease, ...plan];
}

/**
 * Removes the attachment: rules and links first, then the address, which another container may get at once; but before
 * all others an address that is freed through the link. A resource that cannot be removed does not keep the others.
 */
export function detach(attaching: Attaching): void {
  const { request, ipam } = attaching;
  onBothSides(request, namespaceIfThere(request.netns), (sides) => {
    const plan = [...planOf(attaching, sides), ...(attaching.foreign?.(sides.host) ?? [])];
    removeAll(withLease(request, plan, () => ipam()?.del()));
  });
}

/** @throws CniError that names every difference between the attachment and what its ADD made */
export function compare(attaching: Attaching): void {
  const { request, ipam } = attaching;
  requirePrevious(request);
  ipam()?.check();
  onBothSides(request, namespaceOf(request.netns), (sides) => {
    report(request, differences(planOf(attaching, { ...sides, mac: previousMac(request) })));
  });
}

/** @throws CniError that names the differences, when there are any */
export function report({ ifname, containerId }: Call, found: readonly string[]): void {
  if (found.length === 0) return;
  throw new CniError({
    code: codes.failed,
    operation: "check the attachment",
    subject: `${ifname} of ${containerId}`,
    cause: found.join("; "),
    hint: "DEL and ADD make it again",
  });
}
