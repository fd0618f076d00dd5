/** The container's network namespace, from the path that a runtime passes. */
import { SystemError } from "../../netlink/errors.ts";
import { type Namespace, openNamespace } from "../../netlink/socket/namespace.ts";
import { CniError, codes } from "../cni/error.ts";

/** The namespace; undefined where it is gone or none was passed. @throws SystemError when the path is something else */
export function namespaceIfThere(path: string): Namespace | undefined {
  if (path === "") return undefined;
  try {
    return openNamespace(path);
  } catch (error) {
    if (error instanceof SystemError && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** @throws CniError when there is nothing at `path`, SystemError when it is something else */
export function namespaceOf(path: string): Namespace {
  const namespace = namespaceIfThere(path);
  if (namespace !== undefined) return namespace;
  throw new CniError({
    code: codes.failed,
    operation: "open the container's network namespace",
    subject: path,
    cause: "there is nothing at this path",
    hint: "CNI_NETNS must be the path of a living namespace",
  });
}
