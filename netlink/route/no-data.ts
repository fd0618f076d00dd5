/** What stands beside kinds that know no option: the links `dummy` and `ifb`, the queueing disciplines `ingress` and `clsact`. */
import { attrs } from "../codec/index.ts";

/** No attribute. Those of newer kernels are kept, as everywhere. */
export const NoData = attrs({});
