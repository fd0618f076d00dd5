/** The link kinds that have no data: `dummy`, which drops what is sent, and `ifb`, which hands on what is redirected to it. */
import { attrs } from "../../codec/index.ts";

/** IFLA_INFO_DATA of kinds that know no attribute. */
export const NoData = attrs({});
