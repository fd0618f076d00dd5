/** Error objects: whatever is thrown reaches the caller with a code, a sentence, and no stack. */
import { describe, expect, test } from "bun:test";
import { DecodeError, KernelError, SystemError } from "../../netlink/errors.ts";
import { ConfigError } from "../../src/cni/config/error.ts";
import { CniError, codes } from "../../src/cni/error.ts";
import { errorObject, isDefect } from "../../src/cni/explain.ts";
import { printJson } from "../../src/cni/json.ts";

test("a sentence says what was being done, to what, why it failed and what to do", () => {
  const error = new CniError({
    code: codes.failed,
    operation: "allocate an address from",
    subject: "10.87.1.0/24",
    cause: "all 253 are taken",
    hint: "configure a larger subnet",
  });
  expect(error.msg).toBe(
    "allocate an address from 10.87.1.0/24: all 253 are taken; configure a larger subnet",
  );
  expect(errorObject(error)).toEqual({ code: 999, msg: error.msg });
});

test("the text of an error is its msg and details", () => {
  const error = new CniError({ code: 11, cause: "busy", details: "lock held" });
  expect(error.message).toBe("busy; lock held");
  expect(errorObject(error)).toEqual({ code: 11, msg: "busy", details: "lock held" });
});

describe("a request that the kernel refused", () => {
  test("gives its words, the errno and the attribute", () => {
    const error = new KernelError(
      "link.create v42",
      "ERANGE",
      "Invalid VLAN id",
      "linkinfo.data.id",
      "0 to 4095",
    );
    expect(errorObject(error)).toEqual({
      code: 999,
      msg: "link.create v42: Invalid VLAN id",
      details: "errno ERANGE; kernel: Invalid VLAN id; attribute linkinfo.data.id; accepted there: 0 to 4095",
    });
  });

  test("says with EPERM which capability is missing", () => {
    expect(errorObject(new KernelError("link.create v42", "EPERM")).msg).toContain("CAP_NET_ADMIN");
  });

  test("says nothing of capabilities with EACCES, which is about a setting", () => {
    const said = "IPv6 is disabled on this device";
    expect(errorObject(new KernelError("address.add fd00::1/64", "EACCES", said)).msg).toBe(
      `address.add fd00::1/64: ${said}`,
    );
  });

  test("says with EOPNOTSUPP that the kernel lacks something", () => {
    expect(errorObject(new KernelError("link.create br0", "EOPNOTSUPP")).msg).toContain("module");
  });
});

describe("a system call that failed", () => {
  test("gives the operation and the errno", () => {
    expect(errorObject(new SystemError("open /run/netns/blue", "ENOENT"))).toEqual({
      code: 999,
      msg: "open /run/netns/blue: ENOENT",
      details: "errno ENOENT",
    });
  });

  test("names CAP_SYS_ADMIN where a namespace could not be entered", () => {
    const error = new SystemError("enter the network namespace /run/netns/blue", "EPERM");
    expect(errorObject(error).msg).toContain("CAP_SYS_ADMIN");
  });

  test("names the user where a file could not be opened", () => {
    expect(errorObject(new SystemError("open /var/lib/cni/lock", "EACCES")).msg).toContain("root");
  });

  test("says what to do about a read-only file system", () => {
    expect(errorObject(new SystemError("write /proc/sys/net/ipv4/ip_forward", "EROFS")).msg).toContain(
      "writable",
    );
  });
});

test("a configuration that breaks its schema is code 7 with the path in details", () => {
  const error = new ConfigError([
    { path: "ipam.subnet", problem: "wanted a network", hint: "write 10.0.0.0/8" },
  ]);
  expect(errorObject(error)).toEqual({
    code: 7,
    msg: "read the configuration: ipam.subnet: wanted a network (write 10.0.0.0/8)",
    details: "ipam.subnet",
  });
});

describe("an error after which something could not be taken back", () => {
  const refused = new KernelError("link.create veth1", "ENOBUFS");
  const left = new SystemError("remove /var/lib/cni/networks/net/10.1.0.2", "EROFS");

  test.each([
    ["all of them", new AggregateError([refused, left])],
    ["that of a scope's end", new SuppressedError(left, refused)],
  ])("is what happened first, with what is left in details, and the advice to call DEL: %s", (_, error) => {
    expect(errorObject(error)).toEqual({
      code: 999,
      msg: "link.create veth1: ENOBUFS; call DEL",
      details:
        "errno ENOBUFS; could not be taken back: remove /var/lib/cni/networks/net/10.1.0.2: EROFS; " +
        "make the file system writable for the plugin; errno EROFS",
    });
    expect(isDefect(error)).toBe(false);
  });

  test("is a defect when one of them is", () => {
    expect(isDefect(new SuppressedError(new TypeError("x is undefined"), refused))).toBe(true);
  });
});

test("bytes that could not be decoded are code 999 with their place", () => {
  expect(errorObject(new DecodeError("needs 8 bytes, 4 left", 96).inside("linkinfo"))).toEqual({
    code: 999,
    msg: "linkinfo: needs 8 bytes, 4 left (byte 96)",
    details: "EDECODE",
  });
});

describe("anything else is a defect: code 999 and its message", () => {
  test.each<[string, unknown, string]>([
    ["an error", new TypeError("x is undefined"), "x is undefined"],
    ["a text", "boom", "boom"],
    ["nothing", undefined, "undefined"],
  ])("%s", (_, thrown, said) => {
    const object = errorObject(thrown);
    expect(object).toMatchObject({ code: 999, msg: expect.stringContaining(`internal error: ${said}`) });
    expect(printJson(object)).not.toContain("explain.test");
    expect(isDefect(thrown)).toBe(true);
  });
});

test("an error is printed with four spaces, without a newline at the end, and without empty details", () => {
  expect(printJson(errorObject(new CniError({ code: 7, cause: "a <b> & c" })))).toBe(
    '{\n    "code": 7,\n    "msg": "a \\u003cb\\u003e \\u0026 c"\n}',
  );
});
