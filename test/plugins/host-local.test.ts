/** `host-local` as an executable of its own, which is how other main plugins call it; its rules are tested in test/ipam. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "./call.ts";
import { Host } from "./host.ts";

const live = needs("namespaces");

const network = (ipam: object, cniVersion = "1.0.0", type = "host-local"): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [{ type, capabilities: { ips: true, ipRanges: true }, ipam: { type, ...ipam } }],
});

const dual = {
  ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]],
  routes: [{ dst: "0.0.0.0/0" }],
};

live.describe.each(["host-local", "flatnet-ipam"])("%s", (type) => {
  live.test("gives an address of each set, keeps it in files, and frees it", () => {
    using host = new Host();
    const web = host.network(network(dual, "1.0.0", type)).add("web");
    expect(web.result).toEqual({
      cniVersion: "1.0.0",
      ips: [
        { address: "10.1.2.2/24", gateway: "10.1.2.1" },
        { address: "fd00:1:2::2/64", gateway: "fd00:1:2::1" },
      ],
      routes: [{ dst: "0.0.0.0/0" }],
    });
    const files = {
      "cni/networks/net/10.1.2.2": "web\r\neth0",
      "cni/networks/net/fd00:1:2::2": "web\r\neth0",
      "cni/networks/net/last_reserved_ip.0": "10.1.2.2",
      "cni/networks/net/last_reserved_ip.1": "fd00:1:2::2",
      "cni/networks/net/lock": "",
    };
    expect(host.files()).toEqual(files);
    web.check();
    web.del();
    web.del();
    expect(host.leases("net")).toEqual([]);
    expect(web.refused("CHECK").msg).toContain("there is no lease of it");
  });
});

live.describe("host-local", () => {
  live.test.each(["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"])("speaks %s", (version) => {
    using host = new Host();
    const web = host.network(network(dual, version)).add("web");
    expect(web.result as object).toMatchObject(
      version < "0.3.0"
        ? { cniVersion: version, ip4: { ip: "10.1.2.2/24" }, ip6: { ip: "fd00:1:2::2/64" } }
        : { cniVersion: version, ips: [{ address: "10.1.2.2/24" }, { address: "fd00:1:2::2/64" }] },
    );
    web.del();
    expect(host.leases("net")).toEqual([]);
  });

  live.test("gives eight containers that ask at once eight addresses", async () => {
    using host = new Host();
    const config = JSON.stringify({ ...network(dual).plugins[0], name: "net", cniVersion: "1.0.0" });
    const variables = {
      CNI_COMMAND: "ADD",
      CNI_IFNAME: "eth0",
      CNI_NETNS: "/nowhere",
      CNI_PATH: host.plugins,
    };
    const ids = Array.from({ length: 8 }, (_, nth) => `c${nth}`);
    const program = [`${host.plugins}/host-local`];
    const endings = await host.runTogether(
      ids.map((id) => [program, { ...variables, CNI_CONTAINERID: id }, config]),
    );
    expect(endings.map(({ exit, stderr }) => [exit, stderr])).toEqual(Array(8).fill([0, ""]));
    const given = endings.map(({ stdout }) => JSON.parse(stdout).ips[0].address as string);
    expect(new Set(given).size).toBe(8);
    expect(host.leases("net")).toHaveLength(16);
  });

  live.test("STATUS and GC answer", () => {
    using host = new Host();
    const net = host.network(network({ subnet: "10.1.2.0/30" }, "1.1.0"));
    expect(net.status()).toEqual({ exit: 0, stdout: "", stderr: "" });
    net.add("web");
    expect(net.status().exit).toBe(1);
    net.gc([]);
    expect(host.leases("net")).toEqual([]);
    expect(net.status().exit).toBe(0);
  });

  live.test("needs no namespace: only the plugin that asks it enters one", () => {
    using host = new Host();
    host.network(network(dual)).add("web", { netns: "/nowhere" }).del();
    expect(host.leases("net")).toEqual([]);
  });

  live.test.each([
    [{}, "there is no range to give addresses from"],
    [{ subnet: "10.1.2.1/24" }, "write 10.1.2.0/24"],
    [{ subnet: "10.1.2.0/31" }, "too small"],
    [{ ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "10.1.0.0/16" }]] }, "overlaps"],
    [{ subnet: 5 }, "ipam.subnet"],
    [{ subnet: "10.1.2.0/24", resolvConf: "/no/such" }, "/no/such"],
  ])("refuses %j, and writes no file", (ipam, sentence) => {
    using host = new Host();
    const { msg } = host.network(network(ipam)).refuse("web");
    expect(msg).toContain(sentence);
    expect(host.files()).toEqual({});
  });
});
