/** Namespaces of a program's own: what it sees, what it may do, and that nothing of it is seen outside. */
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { needs } from "./needs.ts";
import { inPrivateNamespaces } from "./private-namespace.ts";

/** What a shell script says in namespaces of its own. */
function shell(script: string, ...by: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [...by, ...inPrivateNamespaces("/bin/sh", "-c", script)],
    {
      stderr: "pipe",
    },
  );
  return { exitCode, said: stdout.toString().trim(), complained: stderr.toString().trim() };
}

const live = needs("namespaces");
const limited = needs("namespaces", "program:setpriv");
/** Root without the right to make namespaces, as every ordinary user is without it. */
const asUser = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"];

live.test("a program sees a network with nothing but loopback", () => {
  expect(shell("cut -d: -f1 -s /proc/net/dev").said).toBe("lo");
});

live.test("a program finds no state of others, and leaves none to them", () => {
  const { said } = shell("ls /run | wc -l; mkdir /run/flatnet-test-private; ls /run");
  expect(said).toBe("0\nflatnet-test-private");
  expect(existsSync("/run/flatnet-test-private")).toBe(false);
});

live.test("the exit code is the program's, and so are its arguments", () => {
  expect(shell("exit 7").exitCode).toBe(7);
  const command = inPrivateNamespaces("/bin/echo", "two words", "", "ü");
  expect(Bun.spawnSync(command).stdout.toString()).toBe("two words  ü\n");
});

live.test("a program that cannot be started is named", () => {
  const { exitCode, stderr } = Bun.spawnSync(inPrivateNamespaces("/nonexistent"), { stderr: "pipe" });
  expect(stderr.toString()).toBe("cannot start /nonexistent: No such file or directory\n");
  expect(exitCode).toBe(1);
});

limited.test("who may not make namespaces is root in a user namespace", () => {
  const own = "readlink /proc/self/ns/user; id -u; echo 1 >/proc/sys/net/ipv4/ip_forward && echo may";
  const [namespace, ...rest] = shell(own, ...asUser).said.split("\n");
  expect(namespace).not.toBe(shell("readlink /proc/self/ns/user").said);
  expect(rest).toEqual(["0", "may"]);
});

limited.test("who may not make user namespaces either is told what to do", () => {
  const none = "echo 0 >/proc/sys/user/max_user_namespaces";
  const entry = inPrivateNamespaces("/bin/true").join(" ");
  const { complained } = shell(`${none}; exec setpriv --bounding-set -sys_admin ${entry}`, ...asUser);
  expect(complained).toStartWith("cannot make a user namespace: No space left on device");
  expect(complained).toContain("user.max_user_namespaces");
});
