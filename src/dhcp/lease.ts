/** A lease: what a server's ACK gives to a client, and for how long. */
import type { Dns, IpConfig, Result, Route } from "../cni/result.ts";
import { type Message, NO_ADDRESS } from "./message/message.ts";
import {
  address,
  addresses,
  classlessRoutes,
  OPTION,
  type OptionRoute,
  prefixLength,
  searchDomains,
  seconds,
  staticRoutes,
  text,
} from "./message/options.ts";

/** Moments are milliseconds since the machine was started, so that they mean the same to the next daemon. */
export interface Lease {
  /** The server that gave it. */
  readonly server: string;
  /** With the prefix length of its network. */
  readonly address: string;
  readonly gateway?: string | undefined;
  readonly routes: readonly Route[];
  readonly dns: Dns;
  /** When to ask the server for more time (T1). */
  readonly renewAt: number;
  /** When to ask any server (T2). */
  readonly rebindAt: number;
  readonly expiresAt: number;
}

/** An answer that a client cannot use, with the reason as a sentence about its sender. */
export class UnusableAnswer extends Error {
  override readonly name = "UnusableAnswer";
}

/** Where a server names no time (RFC 2131 leaves it to the client; the reference plugin has an hour). */
const DEFAULT_TIME = 3600;
/** Renewing a shorter lease in time would keep the network busy, and a lease of 0 s is a server's mistake. */
const SHORTEST_TIME = 4;
/** Option 51 with all bits set (RFC 2131, section 3.3). Moments stay numbers that JSON can hold. */
const FOR_EVER = 0xffffffff;
const NEVER = Number.MAX_SAFE_INTEGER;
/** Up to this part of T1 is given away at random, so that containers of one start do not ask all at once. */
const FUZZ = 0.05;

/** Scope of a route to what is on the link (rtnetlink(7), RT_SCOPE_LINK). */
const LINK_SCOPE = 253;

function moments({ options }: Message, from: number, random: number) {
  const time = seconds(options, OPTION.leaseTime) ?? DEFAULT_TIME;
  if (time === FOR_EVER) return { renewAt: NEVER, rebindAt: NEVER, expiresAt: NEVER };
  const whole = Math.max(time, SHORTEST_TIME);
  const renewal = seconds(options, OPTION.renewalTime) ?? 0;
  const rebinding = seconds(options, OPTION.rebindingTime) ?? 0;
  const sane = 0 < renewal && renewal < rebinding && rebinding < whole;
  const [t1, t2] = sane ? [renewal, rebinding] : [whole / 2, whole * 0.85];
  const renewAt = from + 1000 * t1 * (1 - FUZZ * random);
  return { renewAt: Math.round(renewAt), rebindAt: from + 1000 * t2, expiresAt: from + 1000 * whole };
}

/** How a container is to use what a server says. */
export interface LeaseWishes {
  /** Metric of all routes; 0 leaves it to the kernel. */
  readonly priority: number;
  /** Whether name servers and domains are wanted. */
  readonly dns: boolean;
}

/** Option 121 stands alone (RFC 3442); without it the routes of option 33, and a default route by the first router. */
function routesOf({ options }: Message, gateway: string | undefined, { priority }: LeaseWishes): Route[] {
  const metric = priority === 0 ? {} : { priority };
  const by = ({ destination, router }: OptionRoute): Route => ({ dst: destination, gw: router, ...metric });
  const classless = classlessRoutes(options);
  if (classless.length > 0)
    return classless.map((route) =>
      route.router === NO_ADDRESS ? { ...by(route), scope: LINK_SCOPE } : by(route),
    );
  const byDefault = gateway === undefined ? [] : [{ destination: "0.0.0.0/0", router: gateway }];
  return [...staticRoutes(options), ...byDefault].map(by);
}

function dnsOf({ options }: Message, { dns }: LeaseWishes): Dns {
  if (!dns) return {};
  const nameservers = addresses(options, OPTION.domainNameServer);
  const domain = text(options, OPTION.domainName);
  const search = searchDomains(options);
  return {
    ...(nameservers.length > 0 && { nameservers }),
    ...(domain && { domain }),
    ...(search.length > 0 && { search }),
  };
}

/** The server that a message comes from. @throws UnusableAnswer when it does not say */
export function serverOf({ options }: Message): string {
  const server = address(options, OPTION.serverIdentifier);
  if (server === undefined) throw new UnusableAnswer("a server does not say who it is (option 54)");
  return server;
}

/**
 * What a server's answer leases.
 * @param from when the client asked for it: times count from there (RFC 2131, section 4.4.1)
 * @param random from 0 to 1
 * @throws UnusableAnswer, DecodeError
 */
export function leaseOf(message: Message, wishes: LeaseWishes, from: number, random: number): Lease {
  const server = serverOf(message);
  const prefix = prefixLength(message.options);
  if (message.yourAddress === NO_ADDRESS) throw new UnusableAnswer(`the server ${server} gives no address`);
  if (prefix === undefined)
    throw new UnusableAnswer(`the server ${server} gives an address without a subnet mask (option 1)`);
  const [gateway] = addresses(message.options, OPTION.router);
  return {
    server,
    address: `${message.yourAddress}/${prefix}`,
    ...(gateway !== undefined && { gateway }),
    routes: routesOf(message, gateway, wishes),
    dns: dnsOf(message, wishes),
    ...moments(message, from, random),
  };
}

/** The lease as an IPAM plugin's result. */
export function resultOf({ address, gateway, routes, dns }: Lease): Result {
  const ip: IpConfig = gateway === undefined ? { address } : { address, gateway };
  return { interfaces: [], ips: [ip], routes, dns };
}

/** Whether two leases put the same on a link. */
export const sameOnLink = (a: Lease, b: Lease): boolean =>
  Bun.deepEquals([a.address, a.gateway, a.routes], [b.address, b.gateway, b.routes]);
