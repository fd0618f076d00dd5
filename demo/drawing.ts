/** The network as a drawing: outside, the host with its bridge, the containers. */
import { bare, CONTAINER_PORT, type Container, HOST_PORT, type Scene } from "./scene.ts";
import { cut, pad, paint } from "./terminal.ts";

/** Columns of a container's box, from one box to the next, and of the host's box. */
const BOX = 24;
const STEP = BOX + 2;
const HOST = 3 * STEP - 2;
/** The column of the cable in each box. */
const CABLE = 5;
/** Where text begins in a box, after its side and a space. */
const TEXT = 2;

const bold = (text: string): string => paint("bold", text);
const spaces = (count: number): string => " ".repeat(count);
const dashes = (count: number): string => "─".repeat(count);

const boxed = (text: string, width: number): string => `│ ${pad(text, width - 2 * TEXT)} │`;
const inHost = (text: string): string => boxed(text, HOST);

/** The top of a box, where its cable comes in. */
function top(title: string, width: number): string {
  const before = `┌${dashes(CABLE - 1)}┴${dashes(1)} `;
  return `${before}${bold(title)} ${dashes(width - before.length - title.length - 2)}┐`;
}

/** What the three containers have in their columns. */
const beside = (texts: readonly string[]): string =>
  texts
    .map((text) => pad(text, STEP))
    .join("")
    .trimEnd();

/** A row of the containers' boxes. */
const row = (scene: Scene, text: (container: Container) => string): string =>
  beside(scene.containers.map((container) => boxed(text(container), BOX)));

/** From the bridge to each port. */
const bus = `${spaces(CABLE - TEXT)}├${dashes(STEP - 1)}┬${dashes(STEP - 1)}┐`;

/** Where the cables leave the host. */
const bottom = (): string => {
  const gap = dashes(STEP - 1);
  const between = [dashes(CABLE - 1), gap, gap, dashes(HOST - 2 * STEP - CABLE - 2)];
  return `└${between.join("┼")}┘`;
};

/** The host's end of a container's cable, as the kernel names it. */
const portOf = ({ state }: Scene, { id }: Container): string =>
  state.ports.find(({ owner }) => owner.split(" ").includes(id))?.name ?? "no port";

export function drawing(scene: Scene): string[] {
  const { containers, state } = scene;
  const web = containers[0]!;
  const bridges = state.bridges.map(({ name, addresses }) => [name, ...addresses].join(" "));
  return [
    `${bold("outside")} ${scene.outsideAddress}`,
    `${spaces(CABLE)}│`,
    top("host", HOST),
    inHost(
      `${pad(`uplink0 ${scene.hostAddress}`, STEP)}port ${HOST_PORT} → ${web.name} ${bare(web.address)}:${CONTAINER_PORT}`,
    ),
    inHost(""),
    inHost(bridges.join(", ")),
    inHost(bus),
    inHost(beside(containers.map((container) => portOf(scene, container)))),
    bottom(),
    beside(containers.map(() => `${spaces(CABLE)}│`)),
    beside(containers.map(({ name }) => top(name, BOX))),
    row(scene, ({ address }) => `eth0 ${address}`),
    row(scene, ({ mac }) => mac),
    row(scene, ({ wish }) => cut(wish, BOX - 2 * TEXT)),
    beside(containers.map(() => `└${dashes(BOX - 2)}┘`)),
  ];
}
