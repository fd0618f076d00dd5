/** The names that Go plugins derive, against values that they printed. */
import { expect, test } from "bun:test";
import {
  masqueradeChain,
  masqueradeMark,
  networkMark,
  oldPortChain,
  portChain,
} from "../../src/plan/reference/names.ts";

test("chains of iptables have the network and the container in their names", () => {
  const container = { network: "dbnet", containerId: "cid1" };
  expect(masqueradeChain(container)).toBe("CNI-d569b9da7284495d8b18055c");
  expect(portChain(container)).toBe("CNI-DN-d569b9da7284495d8b180");
  expect(oldPortChain(container)).toBe("CNI-SN-d569b9da7284495d8b180");
});

test("rules of nft have the network, and the interface with the container in their comments", () => {
  expect(networkMark("dbnet")).toBe("77fa157b4f32b23b-");
  expect(masqueradeMark({ network: "unit-test", containerId: "one", ifname: "eth0" })).toBe(
    "6fd94d501e58f0aa-287fc69eff0574a2",
  );
});
