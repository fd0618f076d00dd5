/** `static` where the Go plugin does less: CHECK of what is missing, GC and STATUS, and DEL of anything. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration, PrintedResult } from "./call.ts";
import { Host } from "./host.ts";

const live = needs("namespaces");

const network = (ipam: unknown, more: object = {}): Configuration => ({
  cniVersion: "1.1.0",
  name: "net",
  plugins: [
    { type: "static", capabilities: { ips: true }, ipam, ...more } as Configuration["plugins"][number],
  ],
});
const two = { addresses: [{ address: "10.1.2.3/24", gateway: "10.1.2.1" }, { address: "fd00::3/64" }] };

live.describe("CHECK of static", () => {
  const said = (...ips: NonNullable<PrintedResult["ips"]>) => {
    using host = new Host();
    const container = host.network(network(two)).container("web");
    container.remember({ cniVersion: "1.1.0", ips });
    const { exit, stdout } = container.call("CHECK");
    return exit === 0 ? "" : (JSON.parse(stdout) as { msg: string }).msg;
  };
  const four = { address: "10.1.2.3/24", gateway: "10.1.2.1" };
  const six = { address: "fd00::3/64" };

  live.test(
    "is content with the addresses in any order, beside others, with a gateway that the bridge chose",
    () => {
      expect(said({ ...six, gateway: "fd00::1" }, { address: "10.9.9.9/8" }, four)).toBe("");
    },
  );
  live.test("names each address that is missing and each gateway that is another", () => {
    expect(said({ ...four, gateway: "10.1.2.2" })).toContain(
      "prevResult has 10.1.2.2 as gateway of 10.1.2.3/24, not 10.1.2.1; prevResult has no fd00::3/64",
    );
    expect(said(six, { address: "10.1.2.3/24" })).toContain(
      "prevResult has nothing as gateway of 10.1.2.3/24",
    );
    expect(said({ ...four, address: "10.1.2.3/16" }, six)).toContain("prevResult has no 10.1.2.3/24");
  });
  live.test("needs a result", () => {
    using host = new Host();
    expect(host.network(network(two)).container("web").refused("CHECK")).toMatchObject({
      code: 7,
      msg: expect.stringContaining("no prevResult"),
    });
  });
});

live.describe("static", () => {
  live.test("prefers the capability to args, and both to all others, which keep their gateways", () => {
    using host = new Host();
    const list = network(two, { args: { cni: { ips: ["10.7.0.1/16"] } } });
    const addresses = (runtimeConfig: Record<string, unknown>, configuration = list) =>
      host.network(configuration).add("web", { runtimeConfig, args: "IP=10.5.0.1/16" }).result.ips;
    expect(addresses({ ips: ["10.8.0.1/16"] })).toEqual([{ address: "10.8.0.1/16" }]);
    expect(addresses({})).toEqual([{ address: "10.7.0.1/16" }]);
    expect(addresses({}, network(two))).toEqual([...two.addresses, { address: "10.5.0.1/16" }]);
  });

  live.test("passes every key of a route on", () => {
    using host = new Host();
    const routes = [{ dst: "10.9.0.0/16", mtu: 1400, advmss: 1360, priority: 7, table: 100, scope: 0 }];
    expect(host.network(network({ ...two, routes })).add("web").result.routes as object).toEqual(routes);
  });

  live.test("STATUS says what an ADD would refuse, and GC has nothing to do", () => {
    using host = new Host();
    const good = host.network(network(two));
    expect(good.status()).toEqual({ exit: 0, stdout: "", stderr: "" });
    good.gc([]);
    expect(host.network(network({ addresses: [{ address: "10.1.2.3" }] })).status().exit).toBe(1);
    expect(host.files()).toEqual({});
  });

  live.test.each([[5], [{ addresses: "10.1.2.3" }], [null], [{ addresses: [{ address: "x" }] }]])(
    "DEL is done with the ipam %j",
    (ipam) => {
      using host = new Host();
      host.network(network(ipam)).container("web").del();
    },
  );
});
