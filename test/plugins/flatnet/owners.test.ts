/** Whose a published port is: one container's at a time, until its DEL or its end. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { Host, hostAddress } from "../host.ts";
import { ruleset, vethNames } from "../kernel.ts";
import type { Attachment } from "../network.ts";
import { ask, serve } from "../talk.ts";
import { dualStack, flatnet, publishing, web } from "./configuration.ts";

const live = needs("namespaces", "program:nft", "program:ip");

live.describe("a port that another container publishes", () => {
  const wanting = publishing(web({ hostPort: 8081 }), web());

  live.test("is refused with the name of its owner, and nothing is left of the refused", () => {
    using host = new Host();
    const network = host.network(flatnet());
    const owner = network.add("owner", publishing(web()));
    const before = {
      rules: ruleset(host.namespace),
      links: vethNames(host.namespace),
      leases: host.leases("flatnet"),
    };
    const late = network.container("late", wanting);
    const { code, msg } = late.refused("ADD");
    expect(code).toBe(999);
    expect(msg).toContain("0.0.0.0:8080/tcp");
    expect(msg).toContain("flatnet owner eth0");
    expect({
      rules: ruleset(host.namespace),
      links: vethNames(host.namespace),
      leases: host.leases("flatnet"),
    }).toEqual(before);
    expect(vethNames(late.namespace)).toEqual([]);
    owner.check();
  });

  live.test("stays with its owner after the DEL that follows a refused ADD", async () => {
    using host = new Host();
    const network = host.network(flatnet());
    const owner = network.add("owner", publishing(web()));
    const late = network.container("late", wanting);
    late.refused("ADD");
    late.del();
    using _server = await serve(owner.namespace, { port: 80, name: "owner" });
    expect(await ask(host.outside, { address: hostAddress.v4, port: 8080 })).toMatchObject({ from: "owner" });
    owner.check();
  });

  live.test("is free again after its owner's DEL", () => {
    using host = new Host();
    const network = host.network(flatnet());
    network.add("owner", publishing(web())).del();
    network.add("late", wanting).check();
  });

  live.test("is taken over when its owner's namespace has ended without a DEL", async () => {
    using host = new Host();
    const network = host.network(flatnet());
    const owner = network.add("owner", publishing(web()));
    await ended(host, owner);
    const late = network.add("late", wanting);
    using _server = await serve(late.namespace, { port: 80, name: "late" });
    expect(await ask(host.outside, { address: hostAddress.v4, port: 8080 })).toMatchObject({ from: "late" });
    owner.del();
    late.check();
  });

  live.test("is not in the way on another address, for another protocol, or in another family", () => {
    using host = new Host();
    const network = host.network(flatnet(dualStack));
    network.add("a", publishing(web({ hostIP: "127.0.0.1" }))).check();
    network.add("b", publishing(web({ hostIP: hostAddress.v4 }))).check();
    network.add("c", publishing(web({ hostIP: hostAddress.v6 }))).check();
    network.add("d", publishing(web({ protocol: "udp" }))).check();
    network.add("e", publishing(web())).check();
  });

  live.test("is refused to another interface of the same container as well", () => {
    using host = new Host();
    const network = host.network(flatnet());
    const { namespace } = network.add("web", publishing(web()));
    const { msg } = network.refuse("web", { ...publishing(web()), namespace, ifname: "net1" });
    expect(msg).toContain("flatnet web eth0");
  });
});

/** Ends a container's namespace, as a killed runtime leaves it, and waits for the kernel to take its links. */
async function ended(host: Host, { namespace, hostLink }: Attachment): Promise<void> {
  host.end(namespace);
  while (vethNames(host.namespace).includes(hostLink)) await Bun.sleep(10);
}

live.test("a port that is to lead to two places is refused", () => {
  using host = new Host();
  const { code, msg } = host.network(flatnet()).refuse("web", publishing(web(), web({ containerPort: 81 })));
  expect({ code, msg }).toEqual({
    code: 7,
    msg:
      "publish the port 0.0.0.0:8080/tcp: it is to lead to port 80 and to port 81 of the container; " +
      "publish one of them on another port",
  });
  expect(host.leases("flatnet")).toEqual([]);
});

live.test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8::1", "2001:DB8:0::1"],
  ["192.0.2.1", "::ffff:192.0.2.1"],
  ["::", "0:0:0:0:0:0:0:0"],
])("a port that is listed twice is published once, on %s and on %s", (first, second) => {
  using host = new Host();
  const mappings = publishing(web({ hostIP: first }), web({ hostIP: second }));
  const container = host.network(flatnet(dualStack)).add("web", mappings);
  container.check();
  container.del();
});
