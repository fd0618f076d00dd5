/** The `CNI_*` variables: read, checked, and given as typed values (CNI specification, "Parameters"). */
import { type NeededVariable, neededVariables } from "./commands.ts";
import { CniError, codes } from "./error.ts";
import { checkContainerId, checkInterfaceName } from "./names.ts";

/** Environment variables as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What the variables say; empty text where one is not set. */
export interface Environment {
  /** As it came; perhaps no command at all. */
  readonly command: string;
  readonly containerId: string;
  /** Path of the container's network namespace, exactly as passed. */
  readonly netns: string;
  readonly ifname: string;
  /** `CNI_ARGS` as passed; see `parseArguments`. */
  readonly args: string;
  /** Directories in which delegates are looked for. */
  readonly path: readonly string[];
  /** True when the container's namespace may be the plugin's own. */
  readonly override: boolean;
}

const checks: Partial<Record<NeededVariable, (value: string) => void>> = {
  CNI_CONTAINERID: checkContainerId,
  CNI_IFNAME: checkInterfaceName,
};

/** A variable that is needed and invalid is reported at once; those that are missing are reported together. */
function checkNeeded(variables: Variables): void {
  const missing: string[] = [];
  for (const name of ["CNI_COMMAND", ...neededVariables(variables.CNI_COMMAND ?? "")] as const) {
    const value = variables[name];
    if (!value) missing.push(name);
    else if (name !== "CNI_COMMAND") checks[name]?.(value);
  }
  if (missing.length === 0) return;
  throw new CniError({
    code: codes.invalidEnvironment,
    operation: "read the environment",
    cause: `required variables are missing: ${missing.join(",")}`,
    hint: "a container runtime sets them",
  });
}

/** @throws CniError with code 4 when a variable that the command needs is missing or invalid */
export function readEnvironment(variables: Variables): Environment {
  checkNeeded(variables);
  return {
    command: variables.CNI_COMMAND ?? "",
    containerId: variables.CNI_CONTAINERID ?? "",
    netns: variables.CNI_NETNS ?? "",
    ifname: variables.CNI_IFNAME ?? "",
    args: variables.CNI_ARGS ?? "",
    // An empty element would mean the working directory, from which no program should be started as root.
    path: (variables.CNI_PATH ?? "").split(":").filter((directory) => directory !== ""),
    override: ["true", "1"].includes((variables.CNI_NETNS_OVERRIDE ?? "").toLowerCase()),
  };
}
