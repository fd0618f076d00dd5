/** Resources: what should exist, each as four functions; and the engine that makes, compares and removes a plan of them. */
import { KernelError, NetlinkError } from "../../netlink/errors.ts";

/** Takes back what one `ensure` changed. */
export type Undo = () => void;

/** One thing that should exist. */
export interface Resource {
  /** What it is, in words: `address 10.87.1.1/24 on flatnet-br0`. */
  describe(): string;
  /** Makes it so. Gives how to take back what this call changed, or nothing when it was so already, or is shared. */
  ensure(): Undo | undefined;
  /** How the kernel differs from it, a sentence each; empty when it does not. */
  check(): readonly string[];
  /** Takes it away. Not there is done; what others share stays. */
  remove(): void;
}

/** What no ADD of ours makes, or another call makes: it is only taken away. */
export const onlyRemoved = (what: string, remove: () => void): Resource => ({
  describe: () => what,
  ensure: () => undefined,
  check: () => [],
  remove,
});

/** Resources in the order in which they are made; each may rely on those before it. */
export type Plan = readonly Resource[];

/** What a call has made so far, so that it can be taken back. */
export class Made {
  private readonly undos: Undo[] = [];

  /** Makes one resource, and remembers how to take it back. */
  ensure(resource: Resource): void {
    const undo = resource.ensure();
    if (undo !== undefined) this.undos.push(undo);
  }

  /** Remembers how to take back something that was made by other means. */
  remember(undo: Undo): void {
    this.undos.push(undo);
  }

  /** Takes everything back, last first. Gives the errors of those that could not be taken back. */
  undo(): unknown[] {
    const errors: unknown[] = [];
    for (let undo = this.undos.pop(); undo !== undefined; undo = this.undos.pop()) {
      try {
        undo();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }
}

/** Takes back what was made before `error`. Gives the error to throw: where taking back fails too, all of them. */
function takenBack(made: Made, error: unknown): unknown {
  const left = made.undo();
  return left.length === 0
    ? error
    : new AggregateError([error, ...left], "something could not be taken back");
}

/**
 * Runs `make`, and takes back what it made when it throws: all or nothing.
 * @returns what `make` gave
 * @throws what `make` threw; where taking back failed too, an AggregateError whose first error is that one
 */
export function allOrNothing<T>(make: (made: Made) => T): T {
  const made = new Made();
  try {
    return make(made);
  } catch (error) {
    throw takenBack(made, error);
  }
}

/** Whether the kernel's answer did not arrive whole: nobody knows then whether it did what it was asked. */
const isLost = (error: unknown): boolean => error instanceof NetlinkError && !(error instanceof KernelError);

/**
 * Asks the kernel for a change. When its answer is lost the change is taken back, in case it was made.
 * @param undo takes the change back; that there is nothing to take back is fine
 * @returns `undo`
 * @throws what `change` threw; where taking back failed too, an AggregateError whose first error is that one
 */
export function undoable(change: () => void, undo: Undo): Undo {
  const made = new Made();
  made.remember(undo);
  try {
    change();
    return undo;
  } catch (error) {
    throw isLost(error) ? takenBack(made, error) : error;
  }
}

/**
 * Every difference between a plan and the kernel.
 * @throws what a comparison throws, unless something before it differs already, on which it may have relied
 */
export function differences(plan: Plan): string[] {
  const found: string[] = [];
  for (const resource of plan) {
    try {
      found.push(...resource.check().map((difference) => `${resource.describe()}: ${difference}`));
    } catch (error) {
      if (found.length === 0) throw error;
    }
  }
  return found;
}

/** Several undos as one, last first. It throws the first error, after all have been tried. */
export const inReverse =
  (...undos: readonly Undo[]): Undo =>
  () => {
    const made = new Made();
    for (const undo of undos) made.remember(undo);
    const [first] = made.undo();
    if (first !== undefined) throw first;
  };

/**
 * Removes a plan, last first. A resource that cannot be removed does not keep the others.
 * @throws the first error, after all have been tried
 */
export const removeAll = (plan: Plan): void =>
  inReverse(...plan.map((resource) => () => resource.remove()))();
