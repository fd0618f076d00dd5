/** All leases of the daemon, and the answers to what plugins ask about them. */
import { CniError, codes } from "../../cni/error.ts";
import { explain } from "../../cni/explain.ts";
import { withLink } from "../link.ts";
import { fileName, named } from "../owner.ts";
import type { Owner, Question } from "../schema.ts";
import type { Ask, Reply } from "./conversation.ts";
import { Holding, type Surroundings } from "./holding.ts";

/** Beyond the time for trying: the last message's answer, and an address's probe. */
const REPRIEVE = 5000;

function without(part: string): CniError {
  return new CniError({
    code: codes.failed,
    operation: "answer the plugin",
    cause: `its question has no ${part}`,
    hint: "restart the daemon after flatnet was replaced",
  });
}

const noLease = (owner: Owner, cause: string): CniError =>
  new CniError({
    code: codes.failed,
    operation: "check the lease of",
    subject: named(owner),
    cause,
    hint: "DEL and ADD give it one",
  });

export class Holdings {
  private readonly byName = new Map<string, Holding>();

  constructor(
    private readonly around: Surroundings,
    private readonly clock: () => number,
  ) {}

  /** Goes on with the leases of the daemon before this one. One whose link is gone is forgotten. */
  resume(): void {
    for (const stored of this.around.store.all()) {
      try {
        const holding = Holding.resumed(this.around, stored, this.clock());
        this.byName.set(fileName(stored.owner), holding);
      } catch (error) {
        this.around.log(`forgetting the lease of ${named(stored.owner)}: ${explain(error).message}`);
        this.around.store.remove(stored.owner);
      }
    }
    if (this.byName.size > 0) this.around.log(`going on with ${this.byName.size} leases`);
  }

  [Symbol.iterator](): IterableIterator<Holding> {
    return this.byName.values();
  }

  /** Forgets those with which nothing is left to be done. */
  sweep(): void {
    for (const [name, holding] of this.byName) if (holding.isOver) this.byName.delete(name);
  }

  /** Ends all, so that the next daemon can go on with them. */
  close(): void {
    for (const holding of this) holding.close();
  }

  readonly answer: Ask = (question, reply) => {
    switch (question.command) {
      case "allocate":
        return this.allocate(question, reply);
      case "release":
        this.release(ownerOf(question));
        return void reply.answer({});
      case "check":
        return void reply.answer({ lease: this.check(ownerOf(question)) });
      case "collect":
        this.collect(question);
        return void reply.answer({});
      case "status":
        return void reply.answer({});
    }
  };

  private allocate(question: Question, reply: Reply): (() => void) | undefined {
    const holding = this.find(question) ?? this.begin(question);
    const { lease } = holding;
    if (lease !== undefined) return void reply.answer({ lease });
    reply.answer({ within: this.around.patience.resendTimeout + this.around.patience.probe + REPRIEVE });
    return holding.wait({
      given: (lease) => reply.answer({ lease }),
      refused: (error) => reply.fail(error),
    });
  }

  /** The holding that this very link has, with a lease or on the way to one; any other of the name is given back. */
  private find(question: Question): Holding | undefined {
    const holding = this.byName.get(fileName(ownerOf(question)));
    if (holding === undefined) return undefined;
    if (holding.ended === undefined && this.isStillThere(holding, question)) return holding;
    this.release(holding.owner);
    return undefined;
  }

  private isStillThere(holding: Holding, { netns }: Question): boolean {
    try {
      return withLink(this.around.hostPrefix + netns, holding.owner.ifname, holding.link, () => true);
    } catch {
      return false;
    }
  }

  private begin(question: Question): Holding {
    const owner = ownerOf(question);
    const { netns, wishes } = question;
    if (netns === undefined) throw without("netns");
    if (wishes === undefined) throw without("wishes");
    const holding = new Holding(this.around, { owner, netns, wishes }, this.clock());
    this.byName.set(fileName(owner), holding);
    return holding;
  }

  /** What is not there is done; its file goes in any case. */
  private release(owner: Owner): void {
    const name = fileName(owner);
    this.byName.get(name)?.release();
    this.byName.delete(name);
    this.around.store.remove(owner);
  }

  private check(owner: Owner) {
    const holding = this.byName.get(fileName(owner));
    if (holding === undefined) throw noLease(owner, "the daemon knows of none");
    if (holding.ended !== undefined) throw noLease(owner, `it has run out: ${holding.ended}`);
    if (holding.lease === undefined) throw noLease(owner, "the daemon is still asking for one");
    return holding.lease;
  }

  private collect({ network, valid }: Question): void {
    if (network === undefined || valid === undefined) throw without("network or list of valid attachments");
    const kept = new Set(
      valid.map(({ containerID, ifname }) => fileName({ network, containerId: containerID, ifname })),
    );
    for (const { owner } of [...this])
      if (owner.network === network && !kept.has(fileName(owner))) this.release(owner);
  }
}

function ownerOf({ owner }: Question): Owner {
  if (owner === undefined) throw without("owner");
  return owner;
}
