/** The fixtures are whole: every listed capture has its file, every file is listed, and the lengths inside add up. */
import { expect, test } from "bun:test";
import { captures } from "../fixtures/captures/index.ts";
import { fixtures, parseHex } from "./fixtures.ts";

const all = [...fixtures("route"), ...fixtures("netfilter")];
const listed = captures.flatMap(({ command, keep }) =>
  Object.entries(keep).map(([name, { direction }]) => ({ name, command, direction })),
);

test("every listed capture has a fixture of the same command and direction, and no fixture is left over", () => {
  const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1);
  const found = all.map(({ name, command, direction }) => ({ name, command, direction }));
  expect(found.sort(byName)).toEqual(listed.sort(byName));
});

test.each(all.map((fixture) => [`${fixture.protocol}/${fixture.name}`, fixture.bytes] as const))(
  "%s is made of whole messages",
  (_, bytes) => {
    const view = new DataView(bytes.buffer);
    let at = 0;
    while (at < bytes.length) at += (view.getUint32(at, true) + 3) & ~3;
    expect(at).toBe(bytes.length);
  },
);

test("comments and white space are not bytes", () => {
  expect([...parseHex("# 01\n  07 00  03 00   # IFLA_IFNAME\n")]).toEqual([7, 0, 3, 0]);
});

test("half a byte is refused", () => {
  expect(() => parseHex("07 0")).toThrow("not pairs of hexadecimal digits");
});
