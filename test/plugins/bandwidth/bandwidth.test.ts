/** `bandwidth` after `bridge` as a runtime drives it, where the comparison with Go's does not reach. */
import { expect } from "bun:test";
import type { Transport } from "../../../netlink/socket/transport.ts";
import { callHere } from "../../failures/here.ts";
import { needs } from "../../needs.ts";
import { callPlugin, errorOf } from "../call.ts";
import { goPlugins, ourPlugins } from "../executable.ts";
import { Host } from "../host.ts";
import { link, program, vethNames } from "../kernel.ts";
import type { Attachment } from "../network.ts";
import { both, devices, inward, limited, outward, shaped } from "./configuration.ts";

const live = needs("namespaces", "program:ip", "qdisc:tbf", "qdisc:ingress", "link:ifb");
const beside = needs("namespaces", "qdisc:tbf", "link:ifb", `file:${goPlugins}/bandwidth`);

/** Calls `bandwidth` alone for an attachment that is there. */
const callBandwidth = (to: Attachment, command: "ADD" | "CHECK", keys: object) =>
  to.callAlone(command, { type: "bandwidth", ...keys });

const differencesOf = (attachment: Attachment): string => attachment.refused("CHECK").msg;

live.describe("limits in both directions", () => {
  live.test("are made on the host, with a device whose alias is the owner's, and the result names it", () => {
    using host = new Host();
    const web = host.network(limited(both)).add("web");
    const [device] = devices(host.namespace);
    expect(shaped(host.namespace)).toEqual(
      [`${device} tbf 500000`, `${web.hostLink} ingress`, `${web.hostLink} tbf 1000000`].sort(),
    );
    expect(link(host.namespace, device!)).toMatchObject({ ifalias: "flatnet net web eth0", mtu: 1500 });
    expect(web.result.interfaces?.at(-1)).toEqual({
      name: device!,
      mac: link(host.namespace, device!).address,
    });
    web.check();
    web.del();
    expect([devices(host.namespace), vethNames(host.namespace), shaped(host.namespace)]).toEqual([
      [],
      [],
      [],
    ]);
  });

  live.test("are made again by a second ADD, with the numbers that it has", () => {
    using host = new Host();
    const web = host.network(limited(both)).add("web");
    const before = devices(host.namespace);
    const slower = { ...both, ingressRate: 800_000, egressRate: 400_000 };
    expect(callBandwidth(web, "ADD", slower).exit).toBe(0);
    expect(devices(host.namespace)).toEqual(before);
    expect(shaped(host.namespace)).toEqual(
      [`${before[0]} tbf 50000`, `${web.hostLink} ingress`, `${web.hostLink} tbf 100000`].sort(),
    );
    expect(callBandwidth(web, "CHECK", slower).exit).toBe(0);
  });

  live.test("are led to the new device when the old one is gone", () => {
    using host = new Host();
    const web = host.network(limited(outward)).add("web");
    program(host.namespace, "ip", "link", "delete", devices(host.namespace)[0]!);
    expect(differencesOf(web)).toMatch(/device bwp[0-9a-f]{12}: it is not there/);
    expect(callBandwidth(web, "ADD", outward).exit).toBe(0);
    web.check();
  });

  live.test("go by DEL without the result and without the namespace, any number of times", () => {
    using host = new Host();
    const web = host.network(limited(both)).add("web");
    web.forget();
    host.end(web.namespace);
    for (let times = 0; times < 3; times++) web.del();
    expect(devices(host.namespace)).toEqual([]);
  });
});

live.describe("an ADD that fails", () => {
  live.test("leaves the link as it was, whose queueing discipline is somebody's", () => {
    using host = new Host();
    const web = host.network(limited({})).add("web");
    program(host.namespace, ..."tc qdisc add dev".split(" "), web.hostLink, "root", "handle", "7:", "pfifo");
    const { msg } = errorOf(callBandwidth(web, "ADD", both));
    expect(msg).toContain(
      `limit the rate ${web.hostLink}: the link has the queueing discipline pfifo already`,
    );
    expect(shaped(host.namespace)).toEqual([`${web.hostLink} pfifo`]);
    expect(devices(host.namespace)).toEqual([]);
  });

  live.test("takes back what it made before, and what it changed", () => {
    using host = new Host();
    const web = host.network(limited(inward)).add("web");
    program(host.namespace, "tc", "qdisc", "add", "dev", web.hostLink, "clsact");
    const { msg } = errorOf(callBandwidth(web, "ADD", { ...both, ingressRate: 800_000 }));
    expect(msg).toContain(`the link has filters of a clsact already`);
    expect(shaped(host.namespace)).toEqual([`${web.hostLink} clsact`, `${web.hostLink} tbf 1000000`]);
    expect(devices(host.namespace)).toEqual([]);
  });

  live.test("names what of the limits cannot be", () => {
    using host = new Host();
    const web = host.network(limited({})).add("web");
    const { code, msg } = errorOf(callBandwidth(web, "ADD", { ingressRate: 8000, egressBurst: 8000 }));
    expect(code).toBe(7);
    expect(msg).toContain("ingressBurst: a rate needs a burst");
    expect(msg).toContain("egressRate: a burst needs a rate");
    expect(errorOf(callBandwidth(web, "ADD", { egressRate: 7, egressBurst: 8000 })).msg).toContain(
      "egressRate: 7 bits a second are less than a byte (give 8 or more)",
    );
  });

  live.test("says so when the result does not name the link", () => {
    using host = new Host();
    const web = host.network(limited({})).add("web");
    const [bridge, , eth0] = web.result.interfaces!;
    web.remember({ ...web.result, interfaces: [bridge!, eth0!] });
    const { msg } = errorOf(callBandwidth(web, "ADD", inward));
    expect(msg).toContain(`prevResult does not name`);
    expect(shaped(host.namespace)).toEqual([]);
  });
});

live.describe("CHECK names", () => {
  const changes: Readonly<Record<string, readonly [command: string, difference: RegExp]>> = {
    "another rate": [
      "tc qdisc change dev LINK root tbf rate 9mbit burst 200kb limit 225000",
      /the rate is 9000000 bits/,
    ],
    "another limit": [
      "tc qdisc change dev LINK root tbf rate 8mbit burst 200000 limit 300000",
      /the limit is 300000/,
    ],
    "another bucket": [
      "tc qdisc change dev LINK root tbf rate 8mbit burst 100000 limit 225000",
      /the buffer is 1562500/,
    ],
    "a limit that is gone": ["tc qdisc del dev LINK root", /limit of 8000000 bits.*there is none.*noqueue/],
    "a limit of the device that is gone": [
      "tc qdisc del dev DEVICE root",
      /limit of 4000000 bits a second on bwp/,
    ],
    "a device that is down": ["ip link set DEVICE down", /device bwp.*: it is down/],
    "a filter that is gone": ["tc filter del dev LINK parent ffff:", /no filter leads them there/],
    "an ingress queue that is gone": ["tc qdisc del dev LINK ingress", /there is no ingress queue/],
  };
  live.test.each(Object.entries(changes))("%s", (_, [command, difference]) => {
    using host = new Host();
    const web = host.network(limited(both)).add("web");
    const words = command.replace("LINK", web.hostLink).replace("DEVICE", devices(host.namespace)[0]!);
    program(host.namespace, ...words.split(" "));
    expect(differencesOf(web)).toMatch(difference);
  });
});

live.describe("the layout without a device", () => {
  const direct = { ...both, layout: "direct" };

  live.test("limits what comes from the container in the container's interface", () => {
    using host = new Host();
    const web = host.network(limited(direct)).add("web");
    expect(shaped(host.namespace)).toEqual([`${web.hostLink} tbf 1000000`]);
    expect(shaped(web.namespace)).toEqual(["eth0 tbf 500000"]);
    expect([devices(host.namespace), web.result.interfaces?.length]).toEqual([[], 3]);
    web.check();
    program(web.namespace, "tc", "qdisc", "del", "dev", "eth0", "root");
    expect(differencesOf(web)).toContain("limit of 4000000 bits a second on eth0: there is none");
    web.del();
    expect(vethNames(host.namespace)).toEqual([]);
  });

  live.test("limits two interfaces of one container in one network, which the other layout refuses", () => {
    using host = new Host();
    const classic = host.network(limited(both));
    const { namespace } = classic.add("web");
    const { msg } = classic.refuse("web", { namespace, ifname: "net1" });
    expect(msg).toContain('there is one already, of "flatnet net web eth0"');
    classic.container("web", { namespace, ifname: "net1" }).del();
    expect(devices(host.namespace).length).toBe(1);
    const second = host.network(limited(direct)).add("web", { namespace, ifname: "net2" });
    expect(shaped(namespace)).toEqual(["net2 tbf 500000"]);
    second.check();
  });
});

live.test("GC removes the devices of attachments that are gone, and no others", () => {
  using host = new Host();
  const network = host.network(limited(outward));
  const [web, db] = [network.add("web"), network.add("db")];
  host.network(limited(outward, "other")).add("elsewhere");
  program(host.namespace, "ip", "link", "add", "ifb7", "type", "ifb");
  const before = devices(host.namespace);
  expect(before.length).toBe(4);
  const gone = db.result.interfaces!.at(-1)!.name;
  callPlugin(host, "GC", {
    type: "bandwidth",
    name: "net",
    cniVersion: "1.1.0",
    "cni.dev/valid-attachments": [{ containerID: "web", ifname: "eth0" }],
  });
  expect(devices(host.namespace)).toEqual(before.filter((name) => name !== gone));
  web.check();
});

live.describe("STATUS", () => {
  const config = { type: "bandwidth", name: "net", cniVersion: "1.1.0" };

  live.test("is content with this kernel, and leaves nothing behind", () => {
    using host = new Host();
    for (const layout of ["classic", "direct"])
      expect(callPlugin(host, "STATUS", { ...config, layout })).toMatchObject({ exit: 0 });
    expect(shaped(host.namespace)).toEqual([]);
  });

  live.test("refuses limits that cannot be", () => {
    using host = new Host();
    expect(errorOf(callPlugin(host, "STATUS", { ...config, ingressRate: 8000 })).code).toBe(7);
  });

  /** The kernel is asked for a kind that it has not, wherever it would be asked for `kind`. */
  const lacking =
    (kind: string) =>
    (socket: Transport): Transport => ({
      ...socket,
      port: socket.port,
      receive: () => socket.receive(),
      close: () => socket.close(),
      send(datagram) {
        const text = Buffer.from(datagram).toString("latin1");
        socket.send(Buffer.from(text.replaceAll(kind, "?".repeat(kind.length)), "latin1"));
      },
    });

  live.test.each([
    ["ifb", "ifb"],
    ["tbf", "sch_tbf"],
    ["mirred", "sch_ingress, cls_u32 and act_mirred"],
  ])("says what a kernel without %s needs", (kind, modules) => {
    using host = new Host();
    using namespace = host.container();
    const { code, msg } = errorOf(callHere(host, "STATUS", { config, netns: namespace }, lacking(kind)));
    expect(code).toBe(50);
    expect(msg).toBe(
      "serve the network: this kernel cannot limit the rate as asked; " +
        `load ${modules}, or use a kernel that has them`,
    );
  });
});

beside.describe("what the Go plugin made", () => {
  beside.test("passes our CHECK, is not made a second time, and goes by our DEL", () => {
    using host = new Host(goPlugins);
    const web = host.network({ ...limited(both), cniVersion: "1.0.0" }).add("web");
    host.plugins = ourPlugins();
    web.check();
    const { msg } = errorOf(callBandwidth(web, "ADD", both));
    expect(msg).toContain("there is one already, of nobody that is known (kind ifb); call DEL");
    web.check();
    web.del();
    expect([devices(host.namespace), vethNames(host.namespace)]).toEqual([[], []]);
  });
});

beside.test("what we made passes the Go plugin's CHECK, and goes by its DEL", () => {
  using host = new Host();
  const web = host.network({ ...limited(both), cniVersion: "1.0.0" }).add("web");
  host.plugins = goPlugins;
  web.check();
  web.del();
  expect([devices(host.namespace), vethNames(host.namespace)]).toEqual([[], []]);
});
