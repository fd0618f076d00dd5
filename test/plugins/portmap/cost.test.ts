/** What a call asks of the kernel does not grow with the ports of other containers, and hardly with its own. */
import { expect } from "bun:test";
import { succeed } from "../../failures/call.ts";
import { type Between, callHere } from "../../failures/here.ts";
import { bridge, ports } from "../../failures/networks.ts";
import { needs } from "../../needs.ts";
import type { PluginConfig, PrintedResult } from "../call.ts";
import { Host } from "../host.ts";

const live = needs("namespaces");

/** Consecutive ports. */
const many = (first: number, count: number) =>
  ports(...Array.from({ length: count }, (_, nth) => ({ hostPort: first + nth })));

/** A container of a bridge, and how many datagrams its portmap sends. */
async function attachment(host: Host, id: string, runtimeConfig: object) {
  const netns = host.container();
  const first = bridge(host, { name: "net", macspoofchk: false });
  const prevResult = (await succeed(host, "ADD", { config: first, netns, id })) as PrintedResult;
  const config: PluginConfig = {
    cniVersion: "1.1.0",
    name: "net",
    type: "portmap",
    runtimeConfig,
    prevResult,
  };
  return (command: "ADD" | "DEL"): number => {
    let sent = 0;
    const counting: Between = (socket) => ({
      port: socket.port,
      send(datagram) {
        sent++;
        socket.send(datagram);
      },
      receive: () => socket.receive(),
      close: () => socket.close(),
    });
    expect(callHere(host, command, { config, netns, id }, counting)).toMatchObject({ exit: 0 });
    return sent;
  };
}

live.test("one port costs as many messages beside 5,000 of another container as beside one", async () => {
  const costs: Record<"ADD" | "DEL", number>[] = [];
  for (const others of [1, 5000]) {
    using host = new Host();
    (await attachment(host, "other", many(20000, others)))("ADD");
    const own = await attachment(host, "web", many(8080, 1));
    costs.push({ ADD: own("ADD"), DEL: own("DEL") });
  }
  const [few, full] = costs;
  expect(full).toEqual(few!);
  expect(few!.ADD).toBeLessThan(10);
  expect(few!.DEL).toBeLessThan(12);
});

live.test("5,000 ports of one container are one transaction each way", async () => {
  using host = new Host();
  (await attachment(host, "other", many(8080, 1)))("ADD");
  const own = await attachment(host, "web", many(20000, 5000));
  expect(own("ADD")).toBeLessThan(10);
  expect(own("DEL")).toBeLessThan(30);
});
