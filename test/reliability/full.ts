/** How much is tried: `npm run test:reliability` tries all, `npm test` as much as there is time for. */

/** `all` where everything is to be tried, else `some`. */
export const amount = ({ some, all }: { readonly some: number; readonly all: number }): number =>
  process.env.FLATNET_RELIABILITY === "all" ? all : some;

/** Every so many-th of the points of a call counts on the second kernel, where a program takes a second to start. */
const STRIDE = 8;

/** The points of a call that are tried: all of them, but some where programs are slow. */
export const tried = <Point>(points: readonly Point[]): Point[] =>
  points.filter(
    (_, nth) => process.env.FLATNET_LACKED === undefined || nth % amount({ some: STRIDE, all: 1 }) === 0,
  );
