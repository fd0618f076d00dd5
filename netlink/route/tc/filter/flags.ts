/** Where filters are applied, in hardware or here (TCA_CLS_FLAGS_*, linux/pkt_cls.h). */
import { flags, u32 } from "../../../codec/index.ts";

export const FilterFlags = flags(u32, { skipHw: 1, skipSw: 2, inHw: 4, notInHw: 8, verbose: 16 });
