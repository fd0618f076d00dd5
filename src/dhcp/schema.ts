/** What plugin and daemon say to each other, and what the daemon writes down: JSON, checked where it comes in. */
import * as z from "zod";
import { interfaceName, mac, networkName } from "../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../cni/config/shape.ts";
import type { Lease } from "./lease.ts";

const bytes = z
  .string()
  .regex(/^([0-9a-f]{2})*$/)
  .meta({ wanted: "bytes as hexadecimal digits" });
const cidr = z
  .string()
  .regex(/^[0-9.]+\/[0-9]+$/)
  .meta({ wanted: "an IPv4 address with its prefix length" });
const optionNumber = z.int().min(1).max(254);
const moment = z.int().min(0);

/** Whose a lease is: the attachment of a container. */
const owner = z.looseObject({
  network: networkName,
  // Container ids follow the same rule as names of networks.
  containerId: networkName,
  ifname: interfaceName,
});
export type Owner = Infer<typeof owner>;

/** What a client asks servers for, and says to them, beyond what is always so. */
const wishes = z.looseObject({
  provide: z.array(z.looseObject({ option: optionNumber, value: bytes })),
  request: z.array(optionNumber),
  priority: z.int().min(0).max(4294967295),
  dns: z.boolean(),
});
export type Wishes = Infer<typeof wishes>;

/**
 * A question of the plugin: one line of JSON.
 * `allocate`, `release` and `check` are about an owner, `collect` about the attachments that are valid in a network.
 */
export const Question = z.looseObject({
  flatnetDhcp: z.int(),
  command: z.enum(["allocate", "release", "check", "collect", "status"]),
  owner: owner.optional(),
  netns: z.string().optional(),
  wishes: wishes.optional(),
  network: z.string().optional(),
  valid: z.array(z.looseObject({ containerID: z.string(), ifname: z.string() })).optional(),
});
export type Question = Infer<typeof Question>;
export const shapeOfQuestion = () => shapeOf(Question);

const route = z.looseObject({
  dst: cidr,
  gw: z.string().optional(),
  priority: z.int().optional(),
  scope: z.int().optional(),
});
const texts = z.array(z.string()).optional();
const dns = z.looseObject({ nameservers: texts, domain: z.string().optional(), search: texts });

const lease = z.looseObject({
  server: z.string(),
  address: cidr,
  gateway: z.string().optional(),
  routes: z.array(route),
  dns,
  renewAt: moment,
  rebindAt: moment,
  expiresAt: moment,
});

/** What was read, with its lease as the rest of the program has it. */
type WithLease<T extends { lease?: unknown }> = {
  readonly [Key in keyof T]: Key extends "lease" ? Lease | Exclude<T[Key], object> : T[Key];
};

/**
 * The daemon's answer: a line of JSON. A line with `within` says that the answer proper may take so many milliseconds;
 * one with `error` is a CNI error; one with neither says that it is done, and of a lease what it is.
 */
export const Answer = z.looseObject({
  flatnetDhcp: z.int(),
  within: z.int().optional(),
  lease: lease.optional(),
  error: z.looseObject({ code: z.int(), msg: z.string(), details: z.string().optional() }).optional(),
});
export type Answer = WithLease<Infer<typeof Answer>>;
export const shapeOfAnswer = () => shapeOf(Answer);

/** A lease as it stands in its file: all that the next daemon needs to go on with it. */
export const Stored = z.looseObject({
  flatnetDhcp: z.int(),
  /** The start of the machine that moments count from. */
  boot: z.string(),
  owner,
  netns: z.string(),
  /** The link: its namespace's identity, and its index there. */
  link: z.looseObject({ namespace: z.string(), index: z.int() }),
  mac,
  wishes,
  lease,
  /** Why the lease has come to its end, when it has. */
  ended: z.string().optional(),
});
export type Stored = WithLease<Infer<typeof Stored>>;
export const shapeOfStored = () => shapeOf(Stored);
