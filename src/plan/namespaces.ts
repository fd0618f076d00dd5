/** The container's network namespace, from the path that a runtime passes. */
import { SystemError } from "../../netlink/errors.ts";
import { createNamespace, type Namespace, openNamespace } from "../../netlink/socket/namespace.ts";
import { CniError, codes } from "../cni/error.ts";
import type { Open } from "../cni/host.ts";
import { Side } from "./side.ts";

function unusable(path: string, cause: string): CniError {
  return new CniError({
    code: codes.failed,
    operation: "open the container's network namespace",
    subject: path,
    cause,
    hint: "CNI_NETNS must be the path of a living namespace, such as /run/netns/NAME or /proc/PID/ns/net",
  });
}

/**
 * The namespace; undefined where it is gone or none was passed.
 * @throws CniError when the path is something else, SystemError when it cannot be opened
 */
export function namespaceIfThere(path: string): Namespace | undefined {
  if (path === "") return undefined;
  try {
    return openNamespace(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === "ENOENT") return undefined;
    throw error.code === "EINVAL" ? unusable(path, "it is not a network namespace") : error;
  }
}

/** @throws CniError when there is nothing at `path`, or something else; SystemError when it cannot be opened */
export function namespaceOf(path: string): Namespace {
  const namespace = namespaceIfThere(path);
  if (namespace === undefined) throw unusable(path, "there is nothing at this path");
  return namespace;
}

/** Gives `act` a new namespace to try things in, which ends with it. @throws SystemError when none can be made */
export function tryOut(open: Open | undefined, act: (side: Side) => void): void {
  using namespace = createNamespace();
  using side = new Side("host", namespace, open);
  act(side);
}
