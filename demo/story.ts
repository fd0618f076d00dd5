/** What is shown of a network that has three containers, whoever attached them: all of it is asked anew each time. */
import { drawing } from "./drawing.ts";
import type { Answer, Place } from "./place.ts";
import {
  bare,
  CONTAINER_PORT,
  HOST_PORT,
  inWords,
  OUTSIDE_PORT,
  type Scene,
  UNPUBLISHED_PORT,
} from "./scene.ts";
import type { State } from "./state.ts";
import { columns, milliseconds, paint, type Report } from "./terminal.ts";

const timeOf = (answer: Answer | undefined): string =>
  answer?.milliseconds === undefined ? "" : milliseconds(answer.milliseconds, 2);

/** Each container asks each by its address, itself as well. */
async function pairs(report: Report, { containers }: Scene): Promise<void> {
  report.heading("Who reaches whom");
  const rows = [["from \\ to", ...containers.map(({ name, address }) => `${name} ${bare(address)}`)]];
  for (const { place } of containers) {
    const row = [place.name];
    for (const { name, address } of containers) {
      const answer = await place.ask(bare(address), CONTAINER_PORT);
      row.push(`${report.mark(answer?.name === name)} ${timeOf(answer) || inWords(answer)}`);
    }
    rows.push(row);
  }
  report.lines(columns(rows));
}

/** The ways to the published port; and one to a port that nobody published, which must not be answered. */
async function publishedPort(report: Report, scene: Scene): Promise<void> {
  const { host, outside, hostAddress, containers } = scene;
  const [web, neighbour] = [containers[0]!, containers[1]!];
  report.heading(`A published port: ${HOST_PORT} of the host is ${CONTAINER_PORT} of ${web.name}`);
  const ways: [Place, string, number, string | undefined][] = [
    [outside, hostAddress, HOST_PORT, web.name],
    [host, hostAddress, HOST_PORT, web.name],
    [host, "127.0.0.1", HOST_PORT, web.name],
    [neighbour.place, hostAddress, HOST_PORT, web.name],
    [web.place, hostAddress, HOST_PORT, web.name],
    [outside, hostAddress, UNPUBLISHED_PORT, undefined],
  ];
  const rows: string[][] = [];
  for (const [place, address, port, expected] of ways) {
    const answer = await place.ask(address, port);
    const mark = report.mark(answer?.name === expected);
    const words = expected === undefined ? `${inWords(answer)}: nobody published it` : inWords(answer);
    rows.push([mark, `from ${place.name}`, `${address}:${port}`, words, timeOf(answer)]);
  }
  report.lines(columns(rows, [4]));
}

/** Outside can only answer who comes with the host's address. */
async function masquerade(report: Report, scene: Scene): Promise<void> {
  const { containers, hostAddress, outsideAddress } = scene;
  report.heading("The world outside, which has no route to the containers: through masquerade");
  const rows: string[][] = [];
  for (const { place, address } of containers) {
    const answer = await place.ask(outsideAddress, OUTSIDE_PORT);
    const mark = report.mark(answer?.name === scene.outside.name && answer.asker === hostAddress);
    rows.push([
      mark,
      `from ${place.name} ${bare(address)}`,
      `${outsideAddress}:${OUTSIDE_PORT}`,
      inWords(answer),
    ]);
  }
  report.lines(columns(rows));
}

/** The network with its containers, and that everybody reaches everybody. */
export async function showNetwork(report: Report, scene: Scene): Promise<void> {
  report.heading("The network");
  report.lines(drawing(scene));
  await pairs(report, scene);
  await publishedPort(report, scene);
  await masquerade(report, scene);
}

const count = (things: readonly unknown[]): string => String(things.length);

/** What the kernel and the disk had before, with the containers, and after the last DEL. */
export function showStates(report: Report, before: State, attached: State, after: State): void {
  const states = [before, attached, after];
  const gone = (of: (state: State) => number): string => report.mark(of(attached) > 0 && of(after) === 0);
  report.lines(
    columns(
      [
        ["", "", "before", "attached", "removed"],
        [gone(({ ports }) => ports.length), "ports of bridges", ...states.map(({ ports }) => count(ports))],
        [
          gone(({ elements }) => elements),
          "firewall elements",
          ...states.map(({ elements }) => `${elements}`),
        ],
        [
          gone(({ leases }) => leases.length),
          "leased addresses",
          ...states.map(({ leases }) => count(leases)),
        ],
        [" ", paint("dim", "bridges"), ...states.map(({ bridges }) => count(bridges))],
        [" ", paint("dim", "firewall rules"), ...states.map(({ rules }) => `${rules}`)],
      ],
      [2, 3, 4],
    ),
  );
  const [bridge] = after.bridges;
  report.lines([""]);
  report.note(
    `What all containers share stays: the bridge ${bridge?.name} with ${bridge?.addresses.join(", ")}, and the`,
  );
  report.note(`${after.rules} constant rules of the table inet flatnet.`);
}

/** How long calls took: a row of milliseconds for each container. */
export function showTimes(
  report: Report,
  heads: readonly string[],
  rows: readonly (readonly [string, ...number[]])[],
) {
  const cells = rows.map(([name, ...times]) => [name, ...times.map((time) => milliseconds(time))]);
  report.lines(
    columns(
      [["", ...heads], ...cells],
      heads.map((_, index) => index + 1),
    ),
  );
}
