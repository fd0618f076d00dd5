/** GC: what belongs to no attachment that the runtime knows of is taken away, and nothing else. */
import { expect } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { needs } from "../../needs.ts";
import { Host } from "../host.ts";
import { addresses, vethNames } from "../kernel.ts";
import { belongings, expectOnly, nothing, publishing, publishingNext } from "./belongings.ts";
import { flatnet } from "./configuration.ts";

const live = needs("namespaces", "program:ip", "program:nft");

live.describe("GC", () => {
  /** What a runtime that was killed leaves: three containers, one of them without its namespace. */
  function threeContainers(host: Host) {
    const network = host.network(flatnet({}, "1.1.0"));
    const web = network.add("web", publishing);
    const shop = network.add("shop", publishingNext);
    const lost = network.add("lost");
    host.end(lost.namespace);
    return { network, web, shop, lost };
  }

  live.test("takes what belongs to no attachment that it is told of", () => {
    using host = new Host();
    const { network, web } = threeContainers(host);
    network.gc([web]);
    expectOnly(host, web);
    web.check();
  });

  live.test("takes all when there is no attachment any more", () => {
    using host = new Host();
    const { network } = threeContainers(host);
    network.gc([]);
    expect(belongings(host)).toEqual(nothing);
  });

  live.test("may come twice, and on a host without networks", () => {
    using host = new Host();
    const { network, web } = threeContainers(host);
    network.gc([web]);
    network.gc([web]);
    expectOnly(host, web);
    using empty = new Host();
    empty.network(flatnet({}, "1.1.0")).gc([]);
    expect(empty.files()).toEqual({});
  });

  live.test("tells two interfaces of a container apart", () => {
    using host = new Host();
    const network = host.network(flatnet({ isGateway: false }, "1.1.0"));
    const eth0 = network.add("web");
    const net1 = network.add("web", { namespace: eth0.namespace, ifname: "net1" });
    network.gc([eth0]);
    expect(vethNames(host.namespace)).toEqual([eth0.hostLink]);
    expect(addresses(eth0.namespace, "eth0")).toEqual(["10.87.1.2/24"]);
    net1.del();
    eth0.check();
  });

  live.test("leaves other networks alone", () => {
    using host = new Host();
    const { network } = threeContainers(host);
    // Its name begins with that of the other.
    const longer = host.network({ ...flatnet({ bridge: "br1", hostId: 7 }, "1.1.0"), name: "flatnet2" });
    const other = longer.add("web");
    network.gc([]);
    other.check();
    expect(host.leases("flatnet2")).toEqual([other.address()]);
  });

  live.test("takes the lease that a killed ADD left without a link", () => {
    using host = new Host();
    const { network, web } = threeContainers(host);
    writeFileSync(host.file("cni/networks/flatnet/10.87.1.200"), "killed\r\neth0");
    network.gc([web]);
    expect(existsSync(host.file("cni/networks/flatnet/10.87.1.200"))).toBe(false);
  });

  live.test("takes nothing when it is not told what is valid", () => {
    using host = new Host();
    const { network, web, shop } = threeContainers(host);
    const { leases, elements } = belongings(host);
    const config = { ...network.configuration.plugins[0], name: "flatnet", cniVersion: "1.1.0" };
    const { exit, stderr } = host.run(
      [`${host.plugins}/flatnet`],
      { CNI_COMMAND: "GC", CNI_PATH: host.plugins },
      JSON.stringify(config),
    );
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.stringContaining("GC does nothing") });
    expect(belongings(host)).toMatchObject({ leases, elements });
    web.check();
    shop.check();
  });
});
