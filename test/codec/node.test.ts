/** The vocabulary alone runs wherever JavaScript does: it needs neither Bun nor C. */
import { expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "../needs.ts";

const codec = new URL("../../netlink/codec/index.ts", import.meta.url).pathname;

const PROGRAM = `
  import { attr, attrs, decode, encode, u16, u16be } from "${codec}";
  const Vlan = attrs({ id: attr(1, u16), protocol: attr(5, u16be) });
  const wire = encode(Vlan, { id: 42, protocol: 0x88a8 });
  console.log(Array.from(wire, (byte) => byte.toString(16).padStart(2, "0")).join(" "));
  console.log(JSON.stringify(decode(Vlan, wire)));
`;

needs("program:node").test("Node.js writes and reads the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flatnet-codec-"));
  try {
    const source = join(folder, "program.ts");
    await Bun.write(source, PROGRAM);
    const built = await Bun.build({
      entrypoints: [source],
      target: "node",
      outdir: folder,
      naming: "program.mjs",
    });
    expect(built.logs).toEqual([]);
    const run = Bun.spawnSync(["node", join(folder, "program.mjs")]);
    expect(run.stderr.toString()).toBe("");
    expect(run.stdout.toString()).toBe(
      '06 00 01 00 2a 00 00 00 06 00 05 00 88 a8 00 00\n{"id":42,"protocol":34984}\n',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
