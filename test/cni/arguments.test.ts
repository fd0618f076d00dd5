/** CNI_ARGS: what the strict parser takes and what it refuses. */
import { describe, expect, test } from "bun:test";
import { parseArguments } from "../../src/cni/arguments.ts";
import { thrownBy } from "./stage.ts";

const kubernetes =
  "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=ab12;K8S_POD_UID=9";

describe("accepted", () => {
  test.each<[string, Record<string, string>]>([
    ["", {}],
    ["IP=10.1.0.9", { IP: "10.1.0.9" }],
    ["IP=10.1.0.9;MAC=02:00:00:00:00:01", { IP: "10.1.0.9", MAC: "02:00:00:00:00:01" }],
    ["IP=", { IP: "" }],
    ["IP=a;IP=b", { IP: "b" }],
    ["K=v;IgnoreUnknown=1", {}],
    ["IgnoreUnknown=TRUE;K=v", {}],
    ["IgnoreUnknown=0;IP=a", { IP: "a" }],
    [kubernetes, {}],
  ])("%p", (text, values) => {
    expect(parseArguments(text, ["IP", "MAC"])).toEqual(values);
  });
});

describe("refused with code 4 and the offending pair", () => {
  test.each([
    ["K=v", "K=v"],
    ["K=v;L=w", "K=v, L=w"],
    ["K=v;IgnoreUnknown=false", "K=v"],
    ["ip=10.1.0.9", "ip=10.1.0.9"],
    ["K=", "K="],
    ["K", '"K"'],
    ["A=B=C", '"A=B=C"'],
    ["IP=10.1.0.9;", '""'],
    ["IgnoreUnknown=1;A=B=C", '"A=B=C"'],
    ["IgnoreUnknown=maybe", '"maybe"'],
    ["IgnoreUnknown=", '""'],
    [";", '""'],
  ])("%p", (text, named) => {
    expect(thrownBy(() => parseArguments(text, ["IP", "MAC"]))).toMatchObject({
      code: 4,
      msg: expect.stringContaining(named),
    });
  });
});
