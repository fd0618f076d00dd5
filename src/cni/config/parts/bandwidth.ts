/** The limits of the capability `bandwidth`, which stand in the plugin's configuration too (CNI conventions). */
import * as z from "zod";

const bits = z.int().min(0).optional();

export const limits = {
  ingressRate: bits.describe("Bits a second to the container; 0 or absent does not limit them."),
  ingressBurst: bits.describe("Bits that may go to the container at once; needed with `ingressRate`."),
  egressRate: bits.describe("Bits a second from the container; 0 or absent does not limit them."),
  egressBurst: bits.describe("Bits that may come from the container at once; needed with `egressRate`."),
};
