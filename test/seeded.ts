/** Tests with random values: the seed changes with each run, and is printed with what fails. */
import { test } from "bun:test";
import { Random } from "../netlink/codec/random.ts";

/** A test of what `check` does with a generator. `FLATNET_SEED=4711` makes its numbers those of an earlier run. */
export function seeded(name: string, check: (random: Random) => void): void {
  test(name, () => {
    const seed = Number(process.env.FLATNET_SEED ?? Math.floor(Math.random() * 2 ** 32));
    try {
      check(new Random(seed));
    } catch (error) {
      throw new Error(`with FLATNET_SEED=${seed}`, { cause: error });
    }
  });
}
