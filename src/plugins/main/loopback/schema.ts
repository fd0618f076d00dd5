/** The configuration of `loopback`: the container's own `lo`, up. It has no keys of its own. */
import * as z from "zod";
import { common } from "../../../cni/config/parts/common.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const Loopback = z
  .looseObject(common)
  .meta({ title: "loopback", description: "Sets the container's loopback interface up." });

export type Loopback = Infer<typeof Loopback>;

export const shapeOfLoopback = () => shapeOf(Loopback);
