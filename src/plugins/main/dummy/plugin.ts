/** `dummy`: an interface that holds addresses and leads nowhere, as the reference plugin of that name has it. */
import { identityOf } from "../../../names.ts";
import { ownerOf } from "../../../plan/attaching/collect.ts";
import { ipamOf } from "../../../plan/attaching/leased.ts";
import { linkedInterface } from "../../../plan/linked/link.ts";
import { linkedPlugin } from "../../../plan/linked/plugin.ts";
import { linksReady } from "../../../plan/linked/ready.ts";
import { shapeOfDummy } from "./schema.ts" with { type: "macro" };
import type { Dummy } from "./schema.ts";

export const plugin = linkedPlugin<Dummy>({
  identity: identityOf("dummy"),
  shape: () => shapeOfDummy(),
  ipam: ipamOf,
  announces: false,
  dns: (_, leased) => leased.dns,
  link: (call, { host, container, mac }) => [
    linkedInterface(host, container, {
      owner: ownerOf(call),
      linkinfo: { kind: "dummy" },
      mtu: 0,
      mac,
    }),
  ],
  ready: (_, host) => linksReady(host, { kind: "dummy" }),
});
