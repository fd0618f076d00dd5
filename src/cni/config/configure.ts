/** How a plugin reads its configuration: strictly where something is made, leniently where something is taken away. */
import { removes } from "../commands.ts";
import type { Request } from "../plugin.ts";
import { checked, examined, type Shape } from "./check.ts";

/**
 * The `configure` of a plugin whose configuration has the shape that `shape` gives: at the call, since the shapes of all
 * plugins are some 0.15 ms' worth of objects. ADD also says on stderr which keys look misspelt.
 * The function throws ConfigError; for DEL and GC it goes on with the keys that are right.
 */
export const configured =
  <T>(shape: () => Shape<T>) =>
  (json: unknown, { command, log }: Pick<Request, "command" | "log">): T => {
    if (removes(command)) return examined(shape(), json).value as T;
    const { config, warnings } = checked(shape(), json);
    if (command === "ADD") for (const warning of warnings) log(warning);
    return config;
  };
