/** Plays the same calls in a world of Debian's Go plugins and in one of ours. */
import { writeFileSync } from "node:fs";
import type { Configuration, Ending } from "../plugins/call.ts";
import { goPlugins, ourPlugins } from "../plugins/executable.ts";
import { Host } from "../plugins/host.ts";
import { program, vethNames } from "../plugins/kernel.ts";
import { Attachment, type AttachmentOptions, Network } from "../plugins/network.ts";
import { type Difference, differencesOf } from "./compare.ts";
import type { SpecialName } from "./meant.ts";
import { namesOf, stateOf, type Tree } from "./state.ts";

/** A call for a container; calls for the same container, network and interface belong together. */
export interface Call extends Omit<AttachmentOptions, "namespace" | "netns"> {
  readonly call: "ADD" | "CHECK" | "DEL";
  readonly id: string;
  /** The network, when it is not the scenario's. */
  readonly network?: Configuration;
  /** The call fails in both worlds. */
  readonly refused?: true;
}

/** Commands of a shell on the host, or in the namespace of a container, between calls. */
export interface Intervention {
  readonly in: "host" | string;
  readonly run: string;
}

/** Files appear below /var/lib. */
export interface Files {
  readonly files: Readonly<Record<string, string>>;
}

/** The host has these in sysfs (`Host.sysfs`). */
export interface Sysfs {
  readonly sysfs: Readonly<Record<string, true | string>>;
}

/** The namespace of a container ends. */
export interface End {
  readonly end: string;
}

/** All that there is to see is compared. */
export const look = "look";

export const add = (id: string, more: Omit<Call, "call" | "id"> = {}): Call => ({ call: "ADD", id, ...more });
export const check = (id: string, more: Omit<Call, "call" | "id"> = {}): Call => ({
  call: "CHECK",
  id,
  ...more,
});
export const del = (id: string, more: Omit<Call, "call" | "id"> = {}): Call => ({ call: "DEL", id, ...more });

/**
 * Four containers, of which three are changed so that CHECK must fail for each, and then removed.
 * @param changed what is run in the third of them, after the address of the first and a route of the second were deleted
 */
export const checksOfWhatIsGone = (changed: string): Step[] => [
  ...[..."abcd"].map((id) => add(id)),
  { in: "a", run: "ip address delete 10.1.2.2/24 dev eth0" },
  { in: "b", run: "ip route delete 192.168.0.0/16" },
  { in: "c", run: changed },
  ...[..."abc"].map((id) => check(id, { refused: true })),
  check("d"),
  ...[..."abc"].map((id) => del(id)),
];

export type Step = Call | Intervention | Files | Sysfs | End | typeof look;

export interface Scenario {
  readonly network: Configuration;
  readonly steps: readonly Step[];
  /** Differences that this scenario is meant to show beside the usual ones. */
  readonly shows?: readonly SpecialName[];
}

/** The network of a call's attachment in a scenario. */
export const networkOf = (scenario: Scenario, call: Call): Configuration => call.network ?? scenario.network;

/** The name of both ends of a pair by which the end of a namespace is seen. */
const ENDING = "ending0";

class World implements Disposable {
  private readonly host: Host;
  private readonly attachments = new Map<string, Attachment>();
  private readonly given: string;

  constructor(
    plugins: string,
    private readonly scenario: Scenario,
  ) {
    this.host = new Host(plugins);
    this.given = JSON.stringify(scenario);
  }

  /** What each step came to, by its number. */
  play(): Tree {
    return Object.fromEntries(this.scenario.steps.map((step, nth) => [`${nth + 1}`, this.step(step)]));
  }

  private step(step: Step): unknown {
    if (step === look) return stateOf(this.host, this.living(), this.given);
    if ("call" in step) return this.said(this.attachment(step).call(step.call));
    if ("files" in step)
      for (const [path, text] of Object.entries(step.files)) writeFileSync(this.host.file(path), text);
    else if ("sysfs" in step) this.host.sysfs(step.sysfs);
    else if ("end" in step) this.end(step.end);
    else program(step.in === "host" ? this.host.namespace : this.namespaceOf(step.in), "sh", "-ec", step.run);
    return undefined;
  }

  /** Its links go some milliseconds after the namespace, all at once: so the end of a pair tells of the others. */
  private end(id: string): void {
    const namespace = this.namespaceOf(id);
    const { namespace: outer } = this.host;
    program(
      outer,
      ...`ip link add ${ENDING} type veth peer name ${ENDING} netns ${namespace.path}`.split(" "),
    );
    this.host.end(namespace);
    while (vethNames(outer).includes(ENDING)) Bun.sleepSync(5);
  }

  /** The words of an ending that both worlds share: the texts of errors are each one's own. */
  private said({ exit, stdout }: Ending): Tree {
    if (exit !== 0) return { exit, code: (JSON.parse(stdout) as { code: number }).code };
    if (stdout === "") return { exit };
    return { exit, result: JSON.parse(namesOf(this.host, this.living(), this.given).translate(stdout)) };
  }

  private living(): Attachment[] {
    return [...this.attachments.values()].filter(({ namespace }) => namespace.fd !== -1);
  }

  /** The namespace of a container that has been called for. */
  private namespaceOf(id: string) {
    const found = [...this.attachments.values()].find((attachment) => attachment.id === id);
    return (found ?? this.attachment({ call: "ADD", id })).namespace;
  }

  private attachment(call: Call): Attachment {
    const { id, ifname = "eth0", args, runtimeConfig } = call;
    const network = networkOf(this.scenario, call);
    const key = `${network.name} ${id} ${ifname}`;
    const namespace = [...this.attachments.values()].find((each) => each.id === id)?.namespace;
    const options = {
      ifname,
      ...(namespace && { namespace }),
      ...(args !== undefined && { args }),
      ...(runtimeConfig && { runtimeConfig }),
    };
    const attachment =
      this.attachments.get(key) ?? new Attachment(new Network(this.host, network), id, options);
    this.attachments.set(key, attachment);
    return attachment;
  }

  [Symbol.dispose](): void {
    this.host[Symbol.dispose]();
  }
}

/** Everything in which the two worlds differ after the same steps. */
export function differences(scenario: Scenario): Difference[] {
  using go = new World(goPlugins, scenario);
  using ours = new World(ourPlugins(), scenario);
  return differencesOf(go.play(), ours.play());
}
