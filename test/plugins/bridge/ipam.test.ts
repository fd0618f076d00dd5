/** `bridge` with an IPAM plugin of somebody else, which is a program of its own. */
import { expect } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { needs } from "../../needs.ts";
import { Host } from "../host.ts";
import { addresses, links, vethNames } from "../kernel.ts";
import { bridge } from "./configuration.ts";

const live = needs("namespaces", "program:ip");

live.describe("an IPAM plugin of somebody else", () => {
  /** A host whose plugins are ours and a shell script `ipam`. */
  function hostWith(script: string): Host {
    const host = new Host();
    const directory = host.file("bin");
    mkdirSync(directory);
    writeFileSync(`${directory}/ipam`, `#!/bin/sh\n${script}\n`);
    chmodSync(`${directory}/ipam`, 0o755);
    symlinkSync(`${host.plugins}/bridge`, `${directory}/bridge`);
    host.plugins = directory;
    return host;
  }

  const noting = 'echo "$CNI_COMMAND" >>/var/lib/calls';
  const config = (cniVersion = "1.0.0") => bridge({ isGateway: true, ipam: { type: "ipam" } }, cniVersion);
  const calls = (host: Host): string[] => host.files().calls?.trim().split("\n") ?? [];

  live.test("passes it every command, with the configuration as it came", () => {
    using host = hostWith(`${noting}\ncat >>/var/lib/stdin
      [ $CNI_COMMAND = ADD ] && echo '{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.7.0.5/24"}]}'; true`);
    const network = host.network(config("1.1.0"));
    expect(network.status().exit).toBe(0);
    const web = network.add("web");
    expect(addresses(web.namespace, "eth0")).toEqual(["10.7.0.5/24"]);
    expect(addresses(host.namespace, "cni0")).toEqual(["10.7.0.1/24"]);
    web.check();
    web.del();
    network.gc([]);
    expect(calls(host)).toEqual(["STATUS", "ADD", "CHECK", "DEL", "GC"]);
    expect(host.files().stdin).toContain('"ipam":{"type":"ipam"}');
  });

  live.test("calls its DEL when it gave no address, and when what follows fails", () => {
    using host = hostWith(`${noting}\n[ $CNI_COMMAND = ADD ] && echo '{"cniVersion":"1.0.0"}'; true`);
    expect(host.network(config()).refuse("web").msg).toContain("the IPAM plugin gave none");
    expect(calls(host)).toEqual(["ADD", "DEL"]);
    expect(links(host.namespace)).toHaveLength(2);
  });

  live.test("passes its error on, with its code", () => {
    using host = hostWith(`${noting}\necho '{"code":11,"msg":"no room","details":"later"}'; exit 1`);
    expect(host.network(config()).refuse("web")).toEqual({ code: 11, msg: "no room", details: "later" });
    expect(links(host.namespace)).toHaveLength(2);
  });

  live.test("goes on removing when its DEL fails, and says so", () => {
    using host = hostWith(
      `[ $CNI_COMMAND = ADD ] && echo '{"cniVersion":"1.0.0","ips":[{"address":"10.7.0.5/24"}]}' && exit 0
      echo '{"code":11,"msg":"busy"}'; exit 1`,
    );
    const web = host.network(config()).add("web");
    expect(web.refused("DEL")).toEqual({ code: 11, msg: "busy" });
    expect(vethNames(host.namespace)).toEqual([]);
  });
});
