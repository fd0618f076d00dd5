/** Writes what follows from the schemas: JSON Schema files and the tables of keys. Run with `bun run docs/generate.ts`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type * as z from "zod";
import { Dhcp } from "../src/plugins/ipam/dhcp/schema.ts";
import { HostLocal } from "../src/plugins/ipam/host-local/schema.ts";
import { Static } from "../src/plugins/ipam/static/schema.ts";
import { Bridge } from "../src/plugins/main/bridge/schema.ts";
import { Dummy } from "../src/plugins/main/dummy/schema.ts";
import { Flatnet } from "../src/plugins/main/flatnet/schema.ts";
import { HostDevice } from "../src/plugins/main/host-device/schema.ts";
import { Ipvlan } from "../src/plugins/main/ipvlan/schema.ts";
import { Loopback } from "../src/plugins/main/loopback/schema.ts";
import { Macvlan } from "../src/plugins/main/macvlan/schema.ts";
import { Ptp } from "../src/plugins/main/ptp/schema.ts";
import { Tap } from "../src/plugins/main/tap/schema.ts";
import { Vlan } from "../src/plugins/main/vlan/schema.ts";
import { Bandwidth } from "../src/plugins/meta/bandwidth/schema.ts";
import { Firewall } from "../src/plugins/meta/firewall/schema.ts";
import { Portmap } from "../src/plugins/meta/portmap/schema.ts";
import { Sbr } from "../src/plugins/meta/sbr/schema.ts";
import { Tuning } from "../src/plugins/meta/tuning/schema.ts";
import { Vrf } from "../src/plugins/meta/vrf/schema.ts";
import { listSchema, pluginSchema } from "./editor-schema.ts";
import { keyTable } from "./key-table.ts";

/** The plugins with a configuration, by the `type` under which they are called. */
export const schemas = {
  flatnet: Flatnet,
  bridge: Bridge,
  ptp: Ptp,
  macvlan: Macvlan,
  ipvlan: Ipvlan,
  vlan: Vlan,
  dummy: Dummy,
  tap: Tap,
  "host-device": HostDevice,
  loopback: Loopback,
  sbr: Sbr,
  portmap: Portmap,
  vrf: Vrf,
  tuning: Tuning,
  bandwidth: Bandwidth,
  "host-local": HostLocal,
  static: Static,
  dhcp: Dhcp,
  firewall: Firewall,
};

const START = "<!-- keys: made by docs/generate.ts from the plugin's schema -->";
const END = "<!-- end of keys -->";
const BIOME = join(import.meta.dir, "../node_modules/.bin/biome");

/** The page with its table made anew; what stands outside the markers stays. */
function page(name: string, schema: z.ZodType, before: string | undefined): string {
  const table = `${START}\n${keyTable(schema)}\n${END}`;
  if (before === undefined) return `# ${name}\n\n${schema.meta()?.description}\n\n## Keys\n\n${table}\n`;
  const [start, end] = [before.indexOf(START), before.indexOf(END)];
  if (start < 0 || end < start)
    throw new Error(`docs/plugins/${name}.md has lost its markers: ${START} … ${END}`);
  return before.slice(0, start) + table + before.slice(end + END.length);
}

/** The text as `npm run format` leaves it. */
function formatted(path: string, text: string): string {
  const formatter = Bun.spawnSync([BIOME, "format", `--stdin-file-path=${path}`], {
    stdin: Buffer.from(text),
  });
  if (!formatter.success) throw new Error(`cannot format ${path}: ${formatter.stderr}`);
  return formatter.stdout.toString();
}

/** Every generated file as it should be, by its path. */
export function generated(): Map<string, string> {
  const files = new Map<string, string>();
  const add = (name: string, text: string) => {
    const path = join(import.meta.dir, name);
    files.set(path, formatted(path, text));
  };
  for (const [name, schema] of Object.entries(schemas)) {
    add(`schema/${name}.schema.json`, JSON.stringify(pluginSchema(name, schema)));
    const path = join(import.meta.dir, "plugins", `${name}.md`);
    add(`plugins/${name}.md`, page(name, schema, existsSync(path) ? readFileSync(path, "utf8") : undefined));
  }
  add("schema/conflist.schema.json", JSON.stringify(listSchema(Object.keys(schemas))));
  return files;
}

if (import.meta.main) {
  for (const [path, text] of generated()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
