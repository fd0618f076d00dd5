/** Servers that answer with their container's name, and clients that ask from anywhere on the test's network. */

import type { Machine, Output } from "./machine.ts";
import type { PodmanHost } from "./podman.ts";

/** Runs a program somewhere: on the host, outside of it, or in a container. */
export type Place = (...program: string[]) => Output;

/** The host, the neighbour outside, and a running container, as places to ask from. */
export const onHost =
  (host: PodmanHost): Place =>
  (...program) =>
    host.machine.command(...program);
export const outside =
  (host: PodmanHost): Place =>
  (...program) =>
    host.machine.outside(...program);
export const inside =
  (host: PodmanHost, name: string): Place =>
  (...program) =>
    host.podman("exec", name, ...program);

/** Starts a container that answers each TCP connection to port 80 with its name. */
export function serve(host: PodmanHost, name: string, ...options: string[]): void {
  host.run(name, options, tcpServer);
}

/** The command of a container that `serve` starts. */
export const tcpServer = ["/bin/nc", "-ll", "-p", "80", "-e", "/bin/hostname"] as const;

/** Answers one TCP connection to `port` of the neighbour outside with `outside`. */
export function serveOutside(host: { readonly machine: Machine }, port: number): void {
  const server = `busybox nc -l -p ${port} -e $(command -v busybox) echo outside`;
  host.machine.outside("sh", "-c", `${server} >/dev/null 2>&1 &`);
}

const netcat = ["busybox", "timeout", "2", "busybox", "nc"];

/** What the TCP server at `address` and `port` says, or `""` when nobody answers. Asks once. */
export function askOnce(from: Place, address: string, port: number): string {
  return from(...netcat, address, `${port}`).stdout.trim();
}

/** The same, patient with a server that has not opened its port yet. */
export function ask(from: Place, address: string, port: number): string {
  return patiently(() => askOnce(from, address, port));
}

/** busybox has no UDP server, so the container borrows this program and the libraries it is linked with. */
const borrowed = [process.execPath, "/lib", "/lib64"].flatMap((path) => ["--volume", `${path}:${path}:ro`]);

/** Starts a container that answers each datagram to port 53 with its name. */
export function serveUdp(host: PodmanHost, name: string, ...options: string[]): void {
  const server = `await Bun.udpSocket({ hostname: "0.0.0.0", port: 53, socket: {
    data(socket, _, port, address) { socket.send(${JSON.stringify(name)}, port, address); },
  }})`;
  host.run(name, [...borrowed, ...options], [process.execPath, "--eval", server]);
}

/** What the UDP server at `address` and `port` says, or `""` when nobody answers within two seconds. */
export function askUdp(from: Place, address: string, port: number): string {
  const client = `const socket = await Bun.udpSocket({ connect: { hostname: "${address}", port: ${port} }, socket: {
    data(_, data) { console.log(data.toString()); process.exit(); },
  }});
  setInterval(() => socket.send("who is there?"), 100);
  setTimeout(() => process.exit(), 2000);`;
  return from(process.execPath, "--eval", client).stdout.trim();
}

/** Repeats a question that may come too early, for at most two seconds. */
function patiently(question: () => string): string {
  const end = performance.now() + 2000;
  for (;;) {
    const answer = question();
    if (answer !== "" || performance.now() > end) return answer;
    Bun.sleepSync(20);
  }
}
