/** One program goes on with what the other made: a host's plugins are exchanged while containers run. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins, ourPlugins } from "../plugins/executable.ts";
import { Host } from "../plugins/host.ts";
import { vethNames } from "../plugins/kernel.ts";
import { ask, serve } from "../plugins/talk.ts";

const twin = needs("namespaces", `file:${goPlugins}/bridge`, "program:ip");

const ranges = [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]];
const network: Configuration = {
  cniVersion: "1.0.0",
  name: "net",
  plugins: [
    { type: "bridge", isDefaultGateway: true, hairpinMode: true, ipam: { type: "host-local", ranges } },
  ],
};

twin.describe.each([
  ["Go's to ours", goPlugins, ourPlugins],
  ["ours to Go's", ourPlugins, goPlugins],
])("when a host changes from %s", (_, before, after) => {
  const directory = (of: string | (() => string)): string => (typeof of === "string" ? of : of());

  twin.test("running containers pass CHECK, and go without a trace", () => {
    using host = new Host(directory(before));
    const web = host.network(network).add("web");
    host.plugins = directory(after);
    web.check();
    web.del();
    expect([vethNames(host.namespace), host.leases("net")]).toEqual([[], []]);
  });

  twin.test("new containers get other addresses, and reach the running ones", async () => {
    using host = new Host(directory(before));
    const web = host.network(network).add("web");
    host.plugins = directory(after);
    const shop = host.network(network).add("shop");
    expect([web.address(), shop.address()]).toEqual(["10.1.2.2", "10.1.2.3"]);
    using _server = await serve(web.namespace, { port: 80, name: "web" });
    expect(await ask(shop.namespace, { address: web.address(), port: 80 })).toMatchObject({ from: "web" });
    web.check();
    shop.check();
    web.del();
    shop.del();
    expect([vethNames(host.namespace), host.leases("net")]).toEqual([[], []]);
  });

  twin.test("an interface that the other made is not made a second time", () => {
    using host = new Host(directory(before));
    const web = host.network(network).add("web");
    host.plugins = directory(after);
    host.network(network).refuse("web", { namespace: web.namespace });
    expect(vethNames(host.namespace)).toEqual([web.hostLink]);
  });
});
