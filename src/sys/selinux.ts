/** The SELinux context of programs that this thread starts (setexeccon(3) of libselinux). */
import { exists } from "./directories.ts";
import { writeText } from "./files.ts";

/** Of the thread: the main one starts the programs. */
const NEXT_PROGRAM = "/proc/thread-self/attr/exec";

export const hasSelinux = (): boolean => exists("/sys/fs/selinux/enforce");

/**
 * Runs `act`; programs that it starts have the context.
 * @throws SystemError when the policy does not know the context or does not let this process give it
 */
export function startingIn<T>(context: string, act: () => T): T {
  writeText(NEXT_PROGRAM, context);
  try {
    return act();
  } finally {
    // A line's end alone takes it back; nothing at all would not be written.
    writeText(NEXT_PROGRAM, "\n");
  }
}
