/** `firewall` where firewalld runs: addresses join a zone, and leave it. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { type Configuration, callPlugin, errorOf } from "./call.ts";
import { goPlugins, ourPlugins } from "./executable.ts";
import { MessageBus } from "./firewalld.ts";
import { Host, hostAddress, outsideAddress } from "./host.ts";
import { elements, program, ruleset } from "./kernel.ts";
import type { Attachment } from "./network.ts";
import { ask, serve } from "./talk.ts";

const live = needs(
  "namespaces",
  "program:firewalld",
  "program:dbus-daemon",
  "program:dbus-send",
  "program:nft",
);
const twin = needs("namespaces", "program:firewalld", "program:dbus-daemon", `file:${goPlugins}/firewall`);

const configuration = (keys: object = {}, cniVersion = "1.0.0"): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [
    {
      type: "bridge",
      isDefaultGateway: true,
      ipam: { type: "host-local", ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]] },
    },
    { type: "firewall", ...keys },
  ],
});

/** A call of the firewall plugin alone. */
function callFirewall(
  attachment: Attachment,
  command: "ADD" | "CHECK" | "DEL" | "STATUS",
  more: object = {},
) {
  const { network, id, ifname, namespace, result } = attachment;
  const config = network.configuration.plugins.find(({ type }) => type === "firewall")!;
  const json = { ...network.configOf(config), prevResult: result, ...more };
  return callPlugin(network.host, command, json, { containerId: id, ifname, netns: namespace.path });
}

const both = ["10.1.2.2/32", "fd00:1:2::2/128"];

live.describe("with firewalld", () => {
  live.test("addresses join the zone, and leave it with DEL; iptables' tables are left alone", async () => {
    using host = new Host();
    using bus = new MessageBus(host);
    bus.startFirewalld();
    const a = host.network(configuration()).add("a");
    expect(bus.sources()).toEqual(both);
    expect(ruleset(host.namespace)).not.toContain("CNI-FORWARD");
    a.check();
    using _outside = await serve(host.outside, { port: 7000, name: "outside" });
    program(host.outside, "ip", "route", "add", "10.1.2.0/24", "via", hostAddress.v4);
    const question = { address: outsideAddress.v4, port: 7000, patience: 500 };
    expect(await ask(a.namespace, question)).toMatchObject({ from: "outside" });
    expect(callFirewall(a, "DEL")).toMatchObject({ exit: 0, stderr: "" });
    expect(bus.sources()).toEqual([]);
    expect(await ask(a.namespace, question)).toBeUndefined();
    expect(callFirewall(a, "DEL")).toMatchObject({ exit: 0, stderr: "" });
  });

  live.test("CHECK believes firewalld, DEL needs no result, and GC finds what is stale", () => {
    using host = new Host();
    using bus = new MessageBus(host);
    bus.startFirewalld();
    const network = host.network(configuration({}, "1.1.0"));
    const [a, b, c] = [network.add("a"), network.add("b"), network.add("c")];
    bus.zone("removeSource", "trusted", "10.1.2.2/32");
    const { code, msg } = errorOf(callFirewall(a, "CHECK"));
    expect({ code, msg }).toEqual({
      code: 999,
      msg: expect.stringContaining("firewalld's zone trusted: 10.1.2.2, fd00:1:2::2: 10.1.2.2 is not in it"),
    });
    a.forget();
    a.del();
    expect(bus.sources()).toEqual(["10.1.2.3/32", "10.1.2.4/32", "fd00:1:2::3/128", "fd00:1:2::4/128"]);
    network.gc([c]);
    expect(bus.sources()).toEqual(["10.1.2.4/32", "fd00:1:2::4/128"]);
    expect(elements(host.namespace, "admitted4")).toHaveLength(1);
    expect(b.address()).toBe("10.1.2.3");
  });

  live.test("an address that is given out anew stays in the zone when its earlier owner goes", () => {
    using host = new Host();
    using bus = new MessageBus(host);
    bus.startFirewalld();
    const network = host.network(configuration());
    const a = network.add("a");
    const heir = network.container("heir");
    heir.remember(a.result);
    expect(callFirewall(heir, "ADD")).toMatchObject({ exit: 0 });
    expect(callFirewall(a, "DEL")).toMatchObject({ exit: 0 });
    expect(bus.sources()).toEqual(both);
  });

  live.test("an ADD that is refused leaves nothing in any zone", () => {
    using host = new Host();
    using bus = new MessageBus(host);
    bus.startFirewalld();
    bus.zone("addSource", "public", "fd00:1:2::2/128");
    const { msg } = host.network(configuration()).refuse("a");
    expect(msg).toContain("the address is in the zone public; take it out there: firewall-cmd --zone=public");
    expect(bus.sources()).toEqual([]);
    expect(elements(host.namespace, "admitted4")).toEqual([]);
    const unknown = host.network(configuration({ firewalldZone: "nosuch" })).refuse("b");
    expect(unknown.msg).toContain("INVALID_ZONE: nosuch; firewall-cmd --get-zones lists the zones");
  });

  live.test("what a reload of firewalld takes away, CHECK names, and an ADD brings back", () => {
    using host = new Host();
    using bus = new MessageBus(host);
    bus.startFirewalld();
    const a = host.network(configuration()).add("a");
    bus.reload();
    expect(bus.sources()).toEqual([]);
    expect(errorOf(callFirewall(a, "CHECK")).msg).toContain("10.1.2.2 is not in it");
    expect(callFirewall(a, "ADD")).toMatchObject({ exit: 0 });
    expect(bus.sources()).toEqual(both);
    expect(callFirewall(a, "CHECK")).toMatchObject({ exit: 0 });
  });

  live.test("a zone of another name is used", () => {
    using host = new Host();
    using bus = new MessageBus(host);
    bus.startFirewalld();
    const a = host.network(configuration({ firewalldZone: "internal" })).add("a");
    expect([bus.sources("internal"), bus.sources()]).toEqual([both, []]);
    a.del();
    expect(bus.sources("internal")).toEqual([]);
  });

  live.test("the other backend is used when it is named, and what firewalld drops is told", () => {
    using host = new Host();
    using bus = new MessageBus(host);
    bus.startFirewalld();
    const { exit, stderr } = host
      .network(configuration({ backend: "iptables" }))
      .container("a")
      .call("ADD");
    expect(exit).toBe(0);
    expect(stderr).toContain("the chain filter_FORWARD of the nf_tables table inet firewalld drops");
    expect(stderr).toContain(
      "firewall-cmd --permanent --zone=trusted --add-interface=cni0; firewall-cmd --reload",
    );
    expect(bus.sources()).toEqual([]);
    expect(ruleset(host.namespace)).toContain("CNI-FORWARD");
  });
});

live.describe("without firewalld", () => {
  live.test("a bus alone means the other backend", () => {
    using host = new Host();
    using _bus = new MessageBus(host);
    host.network(configuration()).add("a");
    expect(ruleset(host.namespace)).toContain("CNI-FORWARD");
  });

  live.test.each(["no bus", "a bus"])(
    "and with %s, the backend firewalld is refused, and DEL is content",
    (which) => {
      using host = new Host();
      using _bus = which === "a bus" ? new MessageBus(host) : undefined;
      if (which === "no bus") host.variables = { DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/nowhere/bus" };
      const network = host.network(configuration({ backend: "firewalld" }, "1.1.0"));
      const { code, msg } = network.refuse("a");
      expect(code).toBe(999);
      expect(msg).toContain("firewalld is not running");
      const a = host.network(configuration({ backend: "iptables" }, "1.1.0")).add("b");
      expect(errorOf(callFirewall(a, "STATUS", { backend: "firewalld" })).code).toBe(50);
      expect(callFirewall(a, "DEL", { backend: "firewalld" })).toMatchObject({ exit: 0, stderr: "" });
    },
  );
});

twin.test("sources are those of Go's plugin, and each removes the other's", () => {
  const after = (first: string, second: string): unknown[] => {
    using host = new Host(first);
    using bus = new MessageBus(host);
    bus.startFirewalld();
    const a = host.network(configuration()).add("a");
    const added = bus.sources();
    host.plugins = second;
    a.check();
    a.del();
    return [added, bus.sources()];
  };
  const [go, ours] = [goPlugins, ourPlugins()];
  expect(after(ours, go)).toEqual(after(go, ours));
  expect(after(ours, ours)).toEqual([both, []]);
});
