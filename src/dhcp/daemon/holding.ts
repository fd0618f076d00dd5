/** One container's lease in the daemon: its state machine, with the link, the file and the calls that wait for it. */
import { CniError, codes } from "../../cni/error.ts";
import { explain, wordsOf } from "../../cni/explain.ts";
import type { Lease } from "../lease.ts";
import { identityOf, type LinkIdentity, saysGone, setState, withLink } from "../link.ts";
import { type Action, changesLink, LeaseMachine, type Patience } from "../machine.ts";
import { named } from "../owner.ts";
import { clientOf } from "../release.ts";
import type { Owner, Stored } from "../schema.ts";
import { type Store, storedHere } from "../store.ts";
import { replaceOnLink } from "./replace.ts";
import { Wire } from "./wire.ts";

/** How often to look whether the link is still there and its lease still wanted. */
const LOOK_EVERY = 10_000;

/** What all holdings of a daemon share. */
export interface Surroundings {
  readonly store: Store;
  readonly patience: Patience;
  /** Whether servers are asked to answer by broadcast. */
  readonly broadcast: boolean;
  /** In front of the paths of namespaces. */
  readonly hostPrefix: string;
  log(line: string): void;
}

/** A call that waits for a lease. */
export interface Waiter {
  given(lease: Lease): void;
  refused(error: CniError): void;
}

/** What a holding is made of: of a new question, or of a file. */
export type Wanted = Pick<Stored, "owner" | "netns" | "wishes"> & Partial<Pick<Stored, "link" | "mac">>;

export class Holding {
  readonly owner: Owner;
  readonly link: LinkIdentity;
  private readonly mac: string;
  private readonly wire: Wire;
  private readonly machine: LeaseMachine;
  private readonly waiters = new Set<Waiter>();
  private lookAt: number;
  /** Why there is no lease any more, when that is so. */
  private cause: string | undefined;
  /** Set when nothing is left to be done: the daemon forgets the holding. */
  private over = false;

  /** @throws LinkGone when there is no such link, or not the one that the file means; CniError, SystemError */
  constructor(
    private readonly around: Surroundings,
    private readonly wanted: Wanted,
    now: number,
  ) {
    const { owner, wishes } = wanted;
    const netns = around.hostPrefix + wanted.netns;
    const seen = withLink(netns, owner.ifname, wanted.link, (open) => ({
      link: identityOf(open),
      mac: open.link.address!,
    }));
    this.owner = owner;
    this.link = seen.link;
    // The address that servers know the client by stays the same, whatever the link's becomes.
    this.mac = wanted.mac ?? seen.mac;
    this.wire = new Wire(netns, owner.ifname, seen.link);
    const client = clientOf(owner, this.mac, wishes, around.broadcast);
    this.machine = new LeaseMachine(client, wishes, around.patience, now);
    this.lookAt = now + LOOK_EVERY;
  }

  /** A lease that an earlier daemon has written down. @throws as the constructor */
  static resumed(around: Surroundings, stored: Stored, now: number): Holding {
    const holding = new Holding(around, stored, now);
    if (stored.ended === undefined) holding.machine.resume(stored.lease, now);
    else holding.machine.stop();
    holding.cause = stored.ended;
    return holding;
  }

  get isOver(): boolean {
    return this.over;
  }

  /** The lease that the container has now. */
  get lease(): Lease | undefined {
    return this.cause === undefined ? this.machine.lease : undefined;
  }

  /** Why there is no lease any more. */
  get ended(): string | undefined {
    return this.cause;
  }

  /** When to call `wake`. */
  get next(): number {
    return Math.min(this.machine.next, this.lookAt);
  }

  /** The descriptor that input may come by. */
  get fd(): number | undefined {
    return this.wire.fd;
  }

  /** Has a call wait for the lease. @returns how to have it wait no longer */
  wait(waiter: Waiter): () => void {
    this.waiters.add(waiter);
    return () => {
      this.waiters.delete(waiter);
      // Nobody is left to be told of a lease that is not there yet.
      if (this.waiters.size === 0 && this.machine.lease === undefined) this.finish();
    };
  }

  /** To be called at `next`. */
  wake(now: number): void {
    this.carefully(() => {
      if (now >= this.lookAt) this.look(now);
      if (!this.over) this.act(this.machine.wake(now), now);
    });
  }

  /** To be called when there is input. */
  input(now: number): void {
    this.carefully(() => {
      if (this.wire.isTaken) this.act(this.machine.taken(now), now);
      for (const message of this.wire.messages()) this.act(this.machine.receive(message, now), now);
    });
  }

  /** Gives the lease back, as far as that is possible, and forgets it. */
  release(): void {
    const { lease } = this;
    this.carefully(() => {
      const actions = this.machine.stop();
      if (lease === undefined) return;
      for (const action of actions)
        if (action.do === "send") this.wire.send(action.message, action.to, false);
      this.log(`lease of ${lease.address} given back`);
    });
    this.finish();
  }

  /** Lets go of sockets; the lease and its file stay for the next daemon. */
  close(): void {
    this.wire.close();
    this.refuse("the daemon is ending", "start it again: flatnet dhcp daemon");
  }

  private log(line: string): void {
    this.around.log(`${named(this.owner)} in ${this.owner.network}: ${line}`);
  }

  /** A vanished link ends the holding; what else goes wrong is told, and tried again when the machine says so. */
  private carefully(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.log(wordsOf(error));
      this.machine.note(explain(error).message);
      if (saysGone(error)) {
        this.refuse(explain(error).message, "the container is gone");
        this.finish();
      }
    }
    if (!this.machine.listens) this.wire.stopListening();
    if (this.machine.phase !== "probing") this.wire.stopAsking();
  }

  /** @throws LinkGone */
  private look(now: number): void {
    this.lookAt = now + LOOK_EVERY;
    this.wire.onLink(() => undefined);
    if (this.machine.lease === undefined || this.around.store.has(this.owner)) return;
    this.log("its file has been removed");
    this.release();
  }

  private act(actions: readonly Action[], now: number): void {
    for (const action of actions) this.do(action, now);
  }

  private do(action: Action, now: number): void {
    switch (action.do) {
      case "send":
        this.wire.send(action.message, action.to, this.machine.listens);
        break;
      case "probe":
        this.wire.ask(action.address);
        break;
      case "begin":
        this.begun(action.lease, now);
        break;
      case "keep":
        this.kept(action);
        break;
      case "end":
        this.lost(action.cause, action.lease);
        break;
    }
  }

  private begun(lease: Lease, now: number): void {
    this.write(lease);
    const { expiresAt } = lease;
    const time =
      expiresAt === Number.MAX_SAFE_INTEGER ? "for ever" : `for ${Math.round((expiresAt - now) / 1000)} s`;
    this.log(`lease of ${lease.address} from ${lease.server}, ${time}`);
    for (const waiter of this.waiters) waiter.given(lease);
    this.waiters.clear();
  }

  private kept(change: Action & { do: "keep" }): void {
    this.write(change.lease);
    if (!changesLink(change)) return;
    this.wire.onLink((open) => replaceOnLink(open, change.before, change.lease));
    this.log(`lease of ${change.lease.address} in the place of ${change.before.address}`);
  }

  private write(lease: Lease, ended?: string): void {
    const { link, mac, owner } = this;
    const { netns, wishes } = this.wanted;
    const stored = { ...storedHere(), owner, netns, link, mac, wishes, lease };
    this.around.store.write(ended === undefined ? stored : { ...stored, ended });
  }

  /** A first lease was not to be had; or one has run out, and the container must not use its address any more. */
  private lost(cause: string, lease: Lease | undefined): void {
    this.log(`no lease: ${cause}`);
    if (lease === undefined) {
      this.refuse(
        `no more tries: ${cause}`,
        "see that a DHCP server serves the interface's network, and has a free address",
      );
      this.finish();
      return;
    }
    this.cause = cause;
    this.write(lease, cause);
    this.wire.onLink((open) => setState(open, "down"));
    this.log("set down, since its lease has run out");
  }

  private refuse(cause: string, hint: string): void {
    const error = new CniError({
      code: codes.failed,
      operation: "get a lease for",
      subject: named(this.owner),
      cause,
      hint,
    });
    for (const waiter of this.waiters) waiter.refused(error);
    this.waiters.clear();
  }

  private finish(): void {
    this.wire.close();
    this.machine.stop();
    this.refuse("it was given back meanwhile", "call ADD again");
    this.around.store.remove(this.owner);
    this.over = true;
  }
}
