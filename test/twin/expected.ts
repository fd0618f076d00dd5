/** The differences that a scenario should show: what is meant, at every step where it applies. */
import { at, type Difference, ordered } from "./compare.ts";
import { type Meant, special, usual } from "./meant.ts";
import { type Moment, momentsOf } from "./moments.ts";
import { look, type Scenario } from "./play.ts";

function ofMoment(meant: Meant, moment: Moment, scenario: Scenario): readonly Difference[] {
  const { what } = moment;
  if (what === look) return meant.look?.(moment) ?? [];
  return "call" in what ? (meant.call?.(what, moment, scenario) ?? []) : [];
}

export function expectedDifferences(scenario: Scenario): Difference[] {
  const meant: Meant[] = [...Object.values(usual), ...(scenario.shows ?? []).map((name) => special[name])];
  return ordered(
    momentsOf(scenario).flatMap((moment) =>
      meant
        .flatMap((each) => ofMoment(each, moment, scenario))
        .map((difference) => ({ ...difference, at: at(moment.step, difference.at) })),
    ),
  );
}
