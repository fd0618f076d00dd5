import { describe, expect, test } from "bun:test";
import { needs } from "../needs.ts";
import { program } from "./scratch.ts";

const echo = program(`
  import { readStdin, writeStdout } from "SRC/sys/streams.ts";
  try { writeStdout(readStdin()); } catch (error) { console.error(error.message); process.exitCode = 3; }
`);
const isTerminal = program(`
  import { isTerminal, writeStdout } from "SRC/sys/streams.ts";
  writeStdout(String(isTerminal(0)));
`);

describe("standard input", () => {
  test.each([0, 1, 4096, 65_536, 1_000_000])("%d bytes go in and come out", async (size) => {
    const text = "0123456789".repeat(size / 10 + 1).slice(0, size);
    const child = Bun.spawn(echo, { stdin: new Blob([text]), stdout: "pipe" });
    expect(await child.stdout.text()).toBe(text);
  });
  test("more than 16 MiB is no configuration", async () => {
    const child = Bun.spawn(echo, {
      stdin: new Blob([new Uint8Array(16 * 1024 * 1024 + 1)]),
      stderr: "pipe",
    });
    expect(await child.stderr.text()).toBe("read standard input: more than 16777216 bytes: EFBIG\n");
  });
  test("closed, it is empty", () => {
    const child = Bun.spawnSync(["sh", "-c", '"$@" <&-', "sh", ...echo]);
    expect([child.exitCode, child.stdout.toString()]).toEqual([0, ""]);
  });
  needs("program:python3").test("non-blocking and slow, it is waited for", () => {
    // The parent makes both pipes non-blocking, writes late and reads late.
    const script = `
import os, subprocess, sys, time
ir, iw = os.pipe(); outr, outw = os.pipe()
os.set_blocking(ir, False); os.set_blocking(outw, False)
child = subprocess.Popen(sys.argv[1:], stdin=ir, stdout=outw)
os.close(ir); os.close(outw)
time.sleep(0.2)
os.write(iw, b"x" * 60000); time.sleep(0.05); os.write(iw, b"y" * 60000); os.close(iw)
time.sleep(0.2)
total = 0
while True:
    data = os.read(outr, 4096)
    if not data: break
    total += len(data)
print(child.wait(), total)
`;
    expect(Bun.spawnSync(["python3", "-c", script, ...echo]).stdout.toString()).toBe("0 120000\n");
  });
});

describe("standard output", () => {
  test("nobody reading is an error", () => {
    const child = Bun.spawnSync([
      "sh",
      "-c",
      'head -c 300000 /dev/zero | { "$@"; echo $? >&2; } | true',
      "sh",
      ...echo,
    ]);
    expect(child.stderr.toString()).toBe("write standard output: EPIPE\n3\n");
  });
  needs("file:/dev/full").test("a full disk is an error", () => {
    const child = Bun.spawnSync(["sh", "-c", 'echo x | "$@" >/dev/full', "sh", ...echo]);
    expect([child.exitCode, child.stderr.toString()]).toEqual([3, "write standard output: ENOSPC\n"]);
  });
});

describe("a terminal", () => {
  test("is not a pipe and not a file", () => {
    expect(Bun.spawnSync(isTerminal, { stdin: new Blob(["x"]) }).stdout.toString()).toBe("false");
    expect(Bun.spawnSync(isTerminal, { stdin: Bun.file("/dev/null") }).stdout.toString()).toBe("false");
  });
  needs("program:script").test("is known", () => {
    const quoted = isTerminal.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(" ");
    const child = Bun.spawnSync(["script", "-qec", quoted, "/dev/null"], { stdin: Bun.file("/dev/null") });
    expect(child.stdout.toString()).toContain("true");
  });
});
