/** A program for the tests: the smallest plugin on the real host. Writes a file on ADD and removes it on DEL. */
import { rmSync, writeFileSync } from "node:fs";
import { serve } from "../../src/cni/dispatch.ts";
import { processHost } from "../../src/cni/process-host.ts";
import { notingPlugin, someResult } from "./stage.ts";

const mark = process.env.TEST_MARK ?? "";
const { plugin } = notingPlugin({
  name: "echo",
  add: () => {
    if (mark) writeFileSync(mark, "");
    return someResult;
  },
  del: () => {
    if (mark) rmSync(mark, { force: true });
  },
});

process.exitCode = serve(
  plugin,
  processHost({ version: "1.2.3", names: ["echo"] }, () => undefined),
);
