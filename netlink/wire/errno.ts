/** The names of Linux's error numbers, as in asm-generic/errno-base.h and asm-generic/errno.h. */

/** In the order of their numbers, from 1; `-` where the kernel has no name. */
const NAMES =
  "EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST " +
  "EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM " +
  "ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG " +
  "EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR ENODATA ETIME ENOSR ENONET " +
  "ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG " +
  "ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE " +
  "EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE " +
  "EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN " +
  "ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL " +
  "EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD " +
  "ENOTRECOVERABLE ERFKILL EHWPOISON";

let split: string[] | undefined;

/** Taken apart when the first error needs its name. */
function names(): string[] {
  split ??= NAMES.split(" ");
  return split;
}

/** Second names of the same numbers: the first two from the header, the last one the C library's. */
const ALIASES: Readonly<Record<string, string>> = {
  EWOULDBLOCK: "EAGAIN",
  EDEADLOCK: "EDEADLK",
  ENOTSUP: "EOPNOTSUPP",
};

/** Meant to stay inside the kernel (include/linux/errno.h), but network drivers answer netlink requests with it. */
const ENOTSUPP = 524;

/**
 * The name of an error number: 17 gives `EEXIST`.
 * @param number positive, as in errno; a netlink error message holds the negative of it
 * @returns `E` and the number where it has no name: `E4711`
 */
export function errnoName(number: number): string {
  if (number === ENOTSUPP) return "ENOTSUPP";
  const name = names()[number - 1];
  return name === undefined || name === "-" ? `E${number}` : name;
}

/**
 * The error number of a name: `EEXIST` gives 17.
 * @throws RangeError when there is no error of that name
 */
export function errnoNumber(name: string): number {
  if (name === "ENOTSUPP") return ENOTSUPP;
  const number = names().indexOf(ALIASES[name] ?? name) + 1;
  if (number === 0 || name === "-") throw new RangeError(`there is no error named ${name}`);
  return number;
}
