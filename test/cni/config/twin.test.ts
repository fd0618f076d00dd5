/** The running check against zod, of whose schemas its shapes are made: the same verdict and the same output. */
import { describe, expect, test } from "bun:test";
import { Random } from "../../../netlink/codec/random.ts";
import { examined } from "../../../src/cni/config/check.ts";
import { jsonSchemaOf, shapeOf } from "../../../src/cni/config/shape.ts";
import { type Json, respelled, spoiled, valid } from "./samples.ts";

const ROUNDS = 1000;
const SEED = Number(process.env.FLATNET_SEED ?? Date.now() & 0xffff);

describe.each(valid)("%s", (_, schema, config) => {
  const shape = shapeOf(schema);
  const ours = (sample: Json) => {
    const { value, problems } = examined(shape, sample);
    return problems.length === 0 ? { taken: value } : "refused";
  };
  const zods = (sample: Json) => {
    const { success, data } = schema.safeParse(sample);
    return success ? { taken: data } : "refused";
  };

  test("is taken, with the output that zod gives", () => {
    expect(zods(config)).not.toBe("refused");
    expect(ours(config)).toEqual(zods(config));
  });

  test("spoiled at random, is taken or refused as zod has it, however its keys are spelled", () => {
    const names = jsonSchemaOf(schema) as Json;
    const refused = { yes: 0, no: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const random = new Random(SEED + round);
      const sample = spoiled(random, random.once(3) ? spoiled(random, config) : config);
      const verdict = zods(sample);
      refused[verdict === "refused" ? "yes" : "no"]++;
      for (const given of [sample, respelled(random, names, sample)]) {
        const label = `FLATNET_SEED=${SEED + round}: ${JSON.stringify(given)}`;
        expect({ label, verdict: ours(given) }).toEqual({ label, verdict });
      }
    }
    // Samples that all fall on one side would show nothing.
    expect(Math.min(refused.yes, refused.no)).toBeGreaterThan(ROUNDS / 20);
  });
});
