/** The commands of a plugin that adds to what the plugins before it in the list have made. */
import type { Call } from "../../cni/plugin.ts";
import type { Result } from "../../cni/result.ts";
import { namespaceIfThere, namespaceOf } from "../namespaces.ts";
import { allOrNothing, differences, type Plan, removeAll } from "../resource.ts";
import type { Side } from "../side.ts";
import { report } from "./attach.ts";
import { requirePrevious } from "./previous.ts";
import { onBothSides, type Sides } from "./sides.ts";

/** A call of a chained plugin in terms of the plan. */
export interface Chained {
  readonly request: Call;
  /** Whether ADD and CHECK do something in the container: its namespace has to be there then. */
  readonly entersContainer: boolean;
  /**
   * What should exist beside what there is already.
   * @param previous the result of the plugins before; DEL may have none
   * @throws CniError when configuration and result do not go together; DEL goes on with what is right
   */
  plan(sides: Sides, previous: Result | undefined): Plan;
  /** What only DEL looks for: it was made by another program. */
  foreign?(host: Side): Plan;
  /** The result of ADD; the same as before the plugin where this is absent. */
  result?(sides: Sides, previous: Result): Result;
}

const namespaceFor = ({ request, entersContainer }: Chained) =>
  entersContainer ? namespaceOf(request.netns) : namespaceIfThere(request.netns);

/** Makes all of the plan, or nothing. */
export function attachToChain(chained: Chained): Result {
  const { request } = chained;
  const previous = requirePrevious(request);
  return onBothSides(request, namespaceFor(chained), (sides) =>
    allOrNothing((made) => {
      for (const resource of chained.plan(sides, previous)) made.ensure(resource);
      return chained.result?.(sides, previous) ?? previous;
    }),
  );
}

/** Removes the plan. What cannot be removed does not keep the rest, and what is not there is done. */
export function detachFromChain(chained: Chained): void {
  const { request } = chained;
  onBothSides(request, namespaceIfThere(request.netns), (sides) => {
    removeAll([...chained.plan(sides, request.prevResult), ...(chained.foreign?.(sides.host) ?? [])]);
  });
}

/** @throws CniError that names every difference between the plan and what there is */
export function compareInChain(chained: Chained): void {
  const { request } = chained;
  const previous = requirePrevious(request);
  onBothSides(request, namespaceFor(chained), (sides) => {
    report(request, differences(chained.plan(sides, previous)));
  });
}
