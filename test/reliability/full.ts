/** How much is tried: `npm run test:reliability` tries all, `npm test` as much as there is time for. */

const everything = process.env.FLATNET_RELIABILITY === "all";

/** There a program takes a second to start. */
const onSecondKernel = process.env.FLATNET_LACKED !== undefined;

/** `all` where everything is to be tried, else `some`, and a tenth of that where programs are slow. */
export const amount = ({ some, all }: { readonly some: number; readonly all: number }): number =>
  everything ? all : Math.ceil(onSecondKernel ? some / 10 : some);

/** Every so many-th of the points of a call counts where programs are slow. */
const STRIDE = 12;

/** The points of a call that are tried: all of them, but some where programs are slow. */
export const tried = <Point>(points: readonly Point[]): Point[] =>
  points.filter((_, nth) => everything || !onSecondKernel || nth % STRIDE === 0);
