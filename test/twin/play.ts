/** Plays the same calls in a world of Debian's Go plugins and in one of ours, and compares what comes of them. */
import type { Configuration, Ending } from "../plugins/call.ts";
import { goPlugins, ourPlugins } from "../plugins/executable.ts";
import { Host } from "../plugins/host.ts";
import { program } from "../plugins/kernel.ts";
import { Attachment, type AttachmentOptions, Network } from "../plugins/network.ts";
import { type Difference, differencesOf } from "./compare.ts";
import type { Names } from "./names.ts";
import { stateOf, type Tree } from "./state.ts";

/** A call for a container; calls for the same container and interface belong together. */
export interface Call extends Omit<AttachmentOptions, "namespace" | "netns"> {
  readonly command: "ADD" | "CHECK" | "DEL";
  readonly id: string;
  /** The network, when it is not the scenario's. */
  readonly network?: Configuration;
  /** DEL as a runtime calls it whose container is gone. */
  readonly namespaceGone?: true;
}

/** Commands on the host, or in the namespace of a container, between calls. */
export interface Intervention {
  readonly in: "host" | string;
  readonly run: string;
}

export interface Scenario {
  readonly network: Configuration;
  readonly steps: readonly (Call | Intervention | "look")[];
}

/** The words of an ending that both worlds share: texts of errors are each one's own. */
function said({ exit, stdout }: Ending, names: Names): Tree {
  if (exit !== 0) return { exit, code: (JSON.parse(stdout || "{}") as { code?: number }).code ?? null };
  return stdout === "" ? { exit } : { exit, result: JSON.parse(names.translate(stdout)) as Tree };
}

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
    const steps = this.scenario.steps.map((step, nth) => [`${nth + 1}`, this.step(step)] as const);
    return Object.fromEntries(steps.flatMap(([nth, tree]) => (tree === undefined ? [] : [[nth, tree]])));
  }

  private step(step: Scenario["steps"][number]): Tree | undefined {
    if (step === "look") return this.look().tree;
    if ("run" in step) {
      const namespace = step.in === "host" ? this.host.namespace : this.container(step.in).namespace;
      program(namespace, "sh", "-ec", step.run);
      return undefined;
    }
    const attachment = this.attachment(step);
    if (step.namespaceGone) this.host.end(attachment.namespace);
    return said(attachment.call(step.command), this.look().names);
  }

  private look() {
    const alive = [...this.attachments.values()].filter(({ namespace }) => namespace.fd !== -1);
    return stateOf(this.host, alive, this.given);
  }

  private container(id: string): Attachment {
    const found = [...this.attachments.values()].find((attachment) => attachment.id === id);
    return found ?? this.attachment({ command: "ADD", id });
  }

  private attachment({ id, ifname = "eth0", network, args, runtimeConfig }: Call): Attachment {
    const key = `${network?.name ?? this.scenario.network.name} ${id} ${ifname}`;
    const namespace = [...this.attachments.values()].find((each) => each.id === id)?.namespace;
    const options = {
      ifname,
      ...(namespace && { namespace }),
      ...(args !== undefined && { args }),
      ...(runtimeConfig && { runtimeConfig }),
    };
    const made =
      this.attachments.get(key) ??
      new Attachment(new Network(this.host, network ?? this.scenario.network), id, options);
    this.attachments.set(key, made);
    return made;
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
