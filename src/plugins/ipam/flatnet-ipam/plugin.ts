/** `flatnet-ipam`: host-local under the name that `flatnet` asks for when its configuration names no other. */
import { rangesPlugin } from "../host-local/plugin.ts";

export const plugin = rangesPlugin("flatnet-ipam");
