/** Filters by their kinds. */
import { Flower } from "./flower.ts";
import { Matchall } from "./matchall.ts";
import { U32 } from "./u32.ts";

/** The kinds that are described here, by the kernel's names. Others keep their name, and their options unread. */
export const filterKinds = { u32: U32, matchall: Matchall, flower: Flower };
