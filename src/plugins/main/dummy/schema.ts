/** The configuration of `dummy`: interfaces that lead nowhere. */
import * as z from "zod";
import { common } from "../../../cni/config/parts/common.ts";
import { delegated } from "../../../cni/config/parts/ipam.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const Dummy = z
  .looseObject({
    ipam: delegated.optional().describe("Where addresses come from. ADD needs it."),
    ...common,
  })
  .meta({ title: "dummy", description: "Interfaces that hold addresses and lead nowhere." });

export type Dummy = Infer<typeof Dummy>;

export const shapeOfDummy = () => shapeOf(Dummy);
