/** A private namespace with a connection to its netfilter, and nft as a second reader of it. */
import { KernelError } from "../../../netlink/errors.ts";
import { openNetfilter } from "../../../netlink/netfilter/index.ts";
import { createNamespace, inside } from "../../../netlink/socket/namespace.ts";

export type Firewall = ReturnType<typeof firewall>;

/** A namespace without any rules. */
export function firewall() {
  const namespace = createNamespace();
  const netfilter = openNetfilter({ namespace });

  /** What a program prints there. */
  const run = (...command: string[]): string => {
    const { stdout, stderr, exitCode } = inside(namespace, () => Bun.spawnSync(command, { stderr: "pipe" }));
    if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
    return stdout.toString();
  };
  const nft = (...words: string[]): string => run("nft", ...words);

  return {
    ...netfilter,
    namespace,
    run,
    nft,
    /** The ruleset as nft tells it, without handles, which count what was made in which order, and sorted. */
    ruleset(): unknown[] {
      const { nftables } = JSON.parse(nft("-j", "list", "ruleset")) as { nftables: unknown[] };
      const withoutHandle = (key: string, value: unknown) => (key === "handle" ? undefined : value);
      const texts = nftables.map((thing) => JSON.stringify(thing, withoutHandle)).sort();
      return texts.map((text) => JSON.parse(text));
    },
    [Symbol.dispose]() {
      netfilter.close();
      namespace.close();
    },
  };
}

/** The error of the kernel that `act` throws. */
export function refusal(act: () => void): KernelError {
  try {
    act();
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

export const table = { family: "inet", name: "flatnet" } as const;
