/** How much is tried: `npm run test:reliability` tries all, `npm test` as much as there is time for. */

/** `all` where everything is to be tried, else `some`. */
export const amount = ({ some, all }: { readonly some: number; readonly all: number }): number =>
  process.env.FLATNET_RELIABILITY === "all" ? all : some;
