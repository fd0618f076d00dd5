/** The examples of the netlink library: each runs as a program, and the README shows it and what it prints. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { createNamespace, inside } from "../../netlink/socket/namespace.ts";
import { needs } from "../needs.ts";

const folder = new URL("../../netlink/", import.meta.url).pathname;
const readme = readFileSync(`${folder}README.md`, "utf8");

/** The example of the README whose first line is the name of its file, and what it is said to print. */
function shown(file: string): { source: string | undefined; output: string | undefined } {
  const start = readme.indexOf(`\`\`\`ts\n// examples/${file}\n`);
  const [, source, output] =
    /^```ts\n\/\/ .*\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/.exec(start < 0 ? "" : readme.slice(start)) ??
    [];
  return { source, output };
}

const files = readdirSync(`${folder}examples`).sort();

test("there are five of them, and no others in the README", () => {
  expect(files).toEqual(["decode.ts", "errors.ts", "firewall.ts", "list-links.ts", "veth.ts"]);
  expect([...readme.matchAll(/^\/\/ examples\/(.*)$/gm)].map(([, file]) => file!).sort()).toEqual(files);
});

test.each(files)("%s is in the README as it is", (file) => {
  expect(shown(file).source).toBe(readFileSync(`${folder}examples/${file}`, "utf8"));
});

needs("namespaces").test.each(files)("%s prints what the README says, in a new namespace", (file) => {
  using namespace = createNamespace();
  const { stdout, stderr } = inside(namespace, () =>
    Bun.spawnSync([process.execPath, `${folder}examples/${file}`], { stderr: "pipe" }),
  );
  expect(stderr.toString()).toBe("");
  expect(stdout.toString()).toBe(shown(file).output!);
});
