/**
 * The client's state machine (RFC 2131, section 4.4), without clock, socket or link: it is told what happened and when,
 * and says what to do.
 *
 *     init ──DISCOVER──▶ selecting ──OFFER, REQUEST──▶ requesting ──ACK──▶ (probing ─▶) bound
 *      ▲ ▲                   │                             │ NAK             │ T1       ▲
 *      │ └─────pause─────────┴─────────────────────────────┘                 ▼          │ ACK
 *      │                                                                  renewing ─────┤
 *      │                                                                     │ T2       │
 *      └──────────NAK, or no answer: asks for a new lease while it has ── rebinding ────┘
 *                 the old one until that expires
 */
import { DecodeError } from "../../netlink/errors.ts";
import { withoutPrefix } from "../../netlink/wire/cidr.ts";
import { type Client, decline, discover, release, renew, select } from "./client.ts";
import { type Lease, type LeaseWishes, leaseOf, sameOnLink, serverOf, UnusableAnswer } from "./lease.ts";
import type { Message } from "./message/message.ts";
import { messageType, OPTION, text } from "./message/options.ts";

/** Times in milliseconds. */
export interface Patience {
  /** How long one message is sent again and again until it counts as not answered. */
  readonly timeout: number;
  /** The pauses between tries grow up to this. */
  readonly resendMax: number;
  /** How long to try for a first lease. */
  readonly resendTimeout: number;
  /** How long to wait whether somebody else answers for an address; 0 does not ask. */
  readonly probe: number;
}

/** What to do now, in order. */
export type Action =
  /** Send a message: to the lease's server from the lease's address, or to everybody. */
  | { readonly do: "send"; readonly message: Message; readonly to: "everyone" | Lease }
  /** Ask the link whether somebody has the address. */
  | { readonly do: "probe"; readonly address: string }
  /** A first lease is there. */
  | { readonly do: "begin"; readonly lease: Lease }
  /** The lease has more time; on the link `before` is to be replaced where it differs. */
  | { readonly do: "keep"; readonly lease: Lease; readonly before: Lease }
  /** There is no lease, or none any more. The machine has come to its end. */
  | { readonly do: "end"; readonly cause: string; readonly lease: Lease | undefined };

export type Phase =
  | "init"
  | "selecting"
  | "requesting"
  | "probing"
  | "bound"
  | "renewing"
  | "rebinding"
  | "ended";

/** The pauses before a next try: four short ones for a bridge port that does not forward yet, then doubling. */
const QUICK_TRIES = 4;
const QUICK_PAUSE = 2000;
const FIRST_PAUSE = 4000;
const JITTER = 1000;
/** A message that gets no answer is sent again after this, then after twice as long, and so on. */
const FIRST_RESEND = 500;
/** A lease of many hours is not asked for more often than this (RFC 2131, section 4.4.5). */
const RENEWAL_PAUSE = 60_000;

export class LeaseMachine {
  private phaseNow: Phase = "init";
  /** The lease that the container has. */
  private held: Lease | undefined;
  /** What is asked for now, and how it goes. */
  private transaction = 0;
  private sentAt = 0;
  private resendAfter = 0;
  /** When the message counts as not answered. */
  private until = 0;
  /** What a server offers, or gave and is being probed. */
  private offered: Lease | undefined;
  /** Trying for a lease: since when, until when, how many times, what went wrong last. */
  private since = 0;
  private deadline = 0;
  private tries = 0;
  private trouble = "no server answered";
  private wakeAt: number;

  /** @param random gives numbers from 0 to 1 */
  constructor(
    private readonly client: Client,
    private readonly wishes: LeaseWishes,
    private readonly patience: Patience,
    now: number,
    private readonly random: () => number = Math.random,
  ) {
    this.wakeAt = now;
    this.since = now;
    this.deadline = now + patience.resendTimeout;
  }

  /** Goes on with a lease of an earlier machine. One that has run out meanwhile is asked for anew. */
  resume(lease: Lease, now: number): void {
    this.held = lease;
    if (now < lease.expiresAt) this.settle("bound", lease.renewAt);
    else this.acquire(now, now + this.patience.resendTimeout);
  }

  get phase(): Phase {
    return this.phaseNow;
  }

  get lease(): Lease | undefined {
    return this.held;
  }

  /** When to call `wake`. */
  get next(): number {
    return this.wakeAt;
  }

  /** Whether a message may come. */
  get listens(): boolean {
    return ["selecting", "requesting", "renewing", "rebinding"].includes(this.phaseNow);
  }

  /** Whether messages come to the lease's address, and not to a client without one. */
  get listensAtAddress(): boolean {
    return this.phaseNow === "renewing";
  }

  /** To be called at `next`; earlier calls do nothing. */
  wake(now: number): Action[] {
    if (now < this.wakeAt) return [];
    switch (this.phaseNow) {
      case "init":
        return this.begin(now);
      case "selecting":
      case "requesting":
        return now >= this.until ? this.fail(this.trouble, now) : this.again(now);
      case "probing":
        return this.accept(this.offered!);
      case "bound":
        return this.renewing(now);
      case "renewing":
        return now >= this.held!.rebindAt ? this.rebinding(now) : this.again(now);
      case "rebinding":
        if (now < this.until) return this.again(now);
        this.acquire(now, this.held!.expiresAt);
        return this.wake(now);
      case "ended":
        return [];
    }
  }

  /** Takes in a message; what does not answer the one sent is passed over. */
  receive(message: Message, now: number): Action[] {
    const mine = message.op === "reply" && message.transaction === this.transaction;
    if (!this.listens || !mine || message.mac !== this.client.mac) return [];
    try {
      return this.answer(message, now);
    } catch (error) {
      // Another server may answer better; the reason is told when none does.
      if (!(error instanceof UnusableAnswer || error instanceof DecodeError)) throw error;
      this.trouble = error.message;
      return [];
    }
  }

  /** Something else went wrong, which is told when no lease is to be had. */
  note(trouble: string): void {
    this.trouble = trouble;
  }

  /** Somebody answers for the address that is being probed. */
  taken(now: number): Action[] {
    if (this.phaseNow !== "probing") return [];
    const lease = this.offered!;
    const message = decline(this.client, this.newTransaction(), lease);
    const cause = `the server ${lease.server} gives ${withoutPrefix(lease.address)}, which another host has`;
    return [{ do: "send", message, to: "everyone" }, ...this.fail(cause, now)];
  }

  /**
   * Gives the lease back, if there is one. Its server is told by broadcast, as the reference plugin does it: the link may be
   * gone before the server's link-layer address is found out.
   */
  stop(): Action[] {
    const lease = this.held;
    this.settle("ended", Number.POSITIVE_INFINITY);
    if (lease === undefined) return [];
    return [{ do: "send", message: release(this.client, this.newTransaction(), lease), to: "everyone" }];
  }

  private answer(message: Message, now: number): Action[] {
    switch (messageType(message.options)) {
      case "offer":
        return this.phaseNow === "selecting" ? this.select(message, now) : [];
      case "ack":
        return this.phaseNow === "selecting" ? [] : this.acknowledged(message, now);
      case "nak":
        return this.phaseNow === "selecting" ? [] : this.refused(message, now);
      default:
        return [];
    }
  }

  private settle(phase: Phase, wakeAt: number): void {
    this.phaseNow = phase;
    this.wakeAt = wakeAt;
  }

  private newTransaction(): number {
    this.transaction = Math.floor(this.random() * 2 ** 32);
    return this.transaction;
  }

  private seconds(now: number): number {
    return Math.min(0xffff, Math.floor((now - this.since) / 1000));
  }

  /** Sends the phase's message for the first time; it counts as not answered at `until`. */
  private ask(phase: Phase, now: number, until: number, firstResend = FIRST_RESEND): Action[] {
    this.phaseNow = phase;
    this.until = until;
    this.resendAfter = firstResend;
    return this.send(now);
  }

  private again(now: number): Action[] {
    this.resendAfter *= 2;
    return this.send(now);
  }

  private send(now: number): Action[] {
    this.sentAt = now;
    this.wakeAt = Math.min(now + this.resendAfter, this.until);
    return [{ do: "send", message: this.message(now), to: this.listensAtAddress ? this.held! : "everyone" }];
  }

  private message(now: number): Message {
    const { client, transaction, held } = this;
    if (this.phaseNow === "selecting")
      return discover(client, transaction, this.seconds(now), held && withoutPrefix(held.address));
    if (this.phaseNow === "requesting") return select(client, transaction, this.seconds(now), this.offered!);
    return renew(client, transaction, held!);
  }

  /** Tries for a new lease from now on. */
  private acquire(now: number, deadline: number): void {
    this.since = now;
    this.deadline = deadline;
    this.tries = 0;
    this.settle("init", now);
  }

  private begin(now: number): Action[] {
    if (now >= this.deadline) return this.giveUp();
    this.newTransaction();
    return this.ask("selecting", now, Math.min(now + this.patience.timeout, this.deadline));
  }

  private select(offer: Message, now: number): Action[] {
    this.offered = leaseOf(offer, this.wishes, now, this.random());
    return this.ask("requesting", now, Math.min(now + this.patience.timeout, this.deadline));
  }

  private acknowledged(ack: Message, now: number): Action[] {
    const lease = leaseOf(ack, this.wishes, this.sentAt, this.random());
    if (this.phaseNow === "requesting" && lease.server !== this.offered!.server) return [];
    const known = this.held !== undefined && lease.address === this.held.address;
    if (this.patience.probe === 0 || known) return this.accept(lease);
    this.offered = lease;
    this.settle("probing", now + this.patience.probe);
    return [{ do: "probe", address: withoutPrefix(lease.address) }];
  }

  private accept(lease: Lease): Action[] {
    const before = this.held;
    this.held = lease;
    this.settle("bound", lease.renewAt);
    return [before === undefined ? { do: "begin", lease } : { do: "keep", lease, before }];
  }

  private refused(nak: Message, now: number): Action[] {
    const said = text(nak.options, OPTION.message);
    const cause = `the server ${serverOf(nak)} refused${said ? `: ${said}` : ""}`;
    if (this.phaseNow === "requesting") return this.fail(cause, now);
    this.trouble = cause;
    this.acquire(now, this.held!.expiresAt);
    return this.wake(now);
  }

  /** This try has not led to a lease: the next one is after a pause, if there is time for one. */
  private fail(cause: string, now: number): Action[] {
    this.trouble = cause;
    this.offered = undefined;
    const pause = this.pause();
    this.tries++;
    if (now + pause < this.deadline) {
      this.settle("init", now + pause);
      return [];
    }
    // A lease is kept to its last moment; who has none is not kept waiting for it.
    if (this.held === undefined || now >= this.deadline) return this.giveUp();
    this.settle("init", this.deadline);
    return [];
  }

  private pause(): number {
    const jitter = (2 * this.random() - 1) * JITTER;
    if (this.tries < QUICK_TRIES) return QUICK_PAUSE + jitter;
    const doubled = FIRST_PAUSE * 2 ** Math.min(this.tries - QUICK_TRIES, 16);
    return Math.min(doubled, Math.max(this.patience.resendMax, FIRST_PAUSE)) + jitter;
  }

  private giveUp(): Action[] {
    const lease = this.held;
    this.settle("ended", Number.POSITIVE_INFINITY);
    return [{ do: "end", cause: this.trouble, lease }];
  }

  private renewing(now: number): Action[] {
    const { renewAt, rebindAt } = this.held!;
    this.trouble = "no server answered";
    this.newTransaction();
    // Half of the time that is left, then a quarter of it, as far as it is not pointless.
    const pause = Math.min(RENEWAL_PAUSE, Math.max(FIRST_RESEND, (rebindAt - renewAt) / 8));
    return this.ask("renewing", now, rebindAt, pause);
  }

  private rebinding(now: number): Action[] {
    this.newTransaction();
    // A server that does not know the lease keeps silent: some of the time is left to ask for a new one.
    const half = (now + this.held!.expiresAt) / 2;
    return this.ask("rebinding", now, Math.min(now + this.patience.timeout, half));
  }
}

/** Whether a lease that was kept changes what is on the link. */
export const changesLink = ({ lease, before }: { lease: Lease; before: Lease }): boolean =>
  !sameOnLink(lease, before);
