/** `loopback` as a runtime drives it: `lo` up and down, in every version. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "./call.ts";
import { Host } from "./host.ts";
import { link, program } from "./kernel.ts";

const live = needs("namespaces", "program:ip");

const loopback = (cniVersion = "1.0.0", keys: object = {}): Configuration => ({
  cniVersion,
  name: "lo",
  plugins: [{ type: "loopback", ...keys }],
});

const interfaces = (sandbox: string) => [{ name: "lo", mac: "00:00:00:00:00:00", sandbox }];

live.describe.each(["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"])(
  "loopback %s",
  (version) => {
    live.test("is up after ADD, and down after DEL", () => {
      using host = new Host();
      const web = host.network(loopback(version)).add("web", { ifname: "eth0" });
      expect(link(web.namespace, "lo").flags).toContain("UP");
      expect(web.result as object).toMatchObject({
        cniVersion: version,
        ...(version < "0.3.0"
          ? { ip4: { ip: "127.0.0.1/8" }, ip6: { ip: "::1/128" } }
          : {
              interfaces: interfaces(web.namespace.path),
              ips: [
                { address: "127.0.0.1/8", interface: 0, ...(version < "1.0.0" && { version: "4" }) },
                { address: "::1/128", interface: 0, ...(version < "1.0.0" && { version: "6" }) },
              ],
            }),
      });
      if (version >= "0.4.0") web.check();
      else expect(web.refused("CHECK").code).toBe(1);
      web.del();
      web.del();
      expect(link(web.namespace, "lo").flags).not.toContain("UP");
    });
  },
);

live.describe("loopback", () => {
  live.test("hands the result of the plugins before it on", () => {
    using host = new Host();
    const list = { ...loopback(), plugins: [{ type: "bridge" }, { type: "loopback" }] };
    const web = host.network(list).add("web");
    expect(web.result.interfaces?.map(({ name }) => name)).toEqual(["cni0", web.hostLink, "eth0"]);
    web.del();
  });

  live.test("says in CHECK that lo is down", () => {
    using host = new Host();
    const web = host.network(loopback()).add("web");
    program(web.namespace, "ip", "link", "set", "lo", "down");
    expect(web.refused("CHECK")).toMatchObject({ code: 999, msg: expect.stringContaining("lo: it is down") });
  });

  live.test("refuses a lo with an address from elsewhere", () => {
    using host = new Host();
    const namespace = host.container();
    program(namespace, "ip", "address", "add", "192.0.2.9/32", "dev", "lo");
    const { msg } = host.network(loopback()).refuse("web", { namespace });
    expect(msg).toContain("it has the address 192.0.2.9, which is not a loopback address");
  });

  live.test("has nothing to remove when the namespace is gone", () => {
    using host = new Host();
    const web = host.network(loopback()).add("web");
    host.end(web.namespace);
    web.del();
    host.network(loopback()).container("web", { netns: "" }).del();
  });

  live.test("needs a namespace to set up", () => {
    using host = new Host();
    expect(host.network(loopback()).refuse("web", { netns: "/nowhere" }).msg).toContain(
      "nothing at this path",
    );
    expect(host.network(loopback()).refuse("web", { netns: "" }).code).toBe(4);
  });

  live.test("is refused for the host's own namespace, and leaves its lo alone", () => {
    using host = new Host();
    const own = { netns: "/proc/self/ns/net" };
    expect(host.network(loopback()).refuse("web", own).code).toBe(8);
    expect(host.network(loopback()).container("web", own).refused("DEL").code).toBe(8);
    expect(link(host.namespace, "lo").flags).toContain("UP");
  });
});
