"""Which calls of the kernel code may make: a seccomp filter, as a program of classic BPF.

The namespaces and the missing privileges already refuse most of what stands here. This is the
second lock: parts of the kernel in which locks have failed before, and sockets that network
namespaces do not hold (to the hypervisor, say). Numbers are those of the kernel's tables
(arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h).
"""

from __future__ import annotations

import errno
from collections.abc import Sequence

#: An instruction: code, jump if true, jump if false, value.
Instruction = tuple[int, int, int, int]

_LOAD, _IS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
# A second set of numbers for the same calls on x86_64.
_X32 = 0x40000000
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SOCKET = {"x86_64": 41, "aarch64": 198}
# Unix, IPv4, IPv6, netlink: all of them of the run's own, empty network namespace.
_FAMILIES = (1, 2, 10, 16)
_CLONE3 = 435
# Numbers that all machines share (since Linux 5.1): io_uring, mounting anew, another's files.
_SHARED = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442)
_REFUSED: dict[str, Sequence[int]] = {
    # ptrace, syslog, personality, pivot_root, chroot, acct, settimeofday, mount, umount2, swapon,
    # swapoff, reboot, init_module, delete_module, quotactl, kexec_load, add_key, request_key,
    # keyctl, unshare, perf_event_open, fanotify_init, name_to_handle_at, open_by_handle_at, setns,
    # process_vm_readv, process_vm_writev, kcmp, finit_module, kexec_file_load, bpf, userfaultfd
    "x86_64": (
        *(101, 103, 135, 155, 161, 163, 164, 165, 166, 167, 168, 169, 175, 176, 179, 246, 248),
        *(249, 250, 272, 298, 300, 303, 304, 308, 310, 311, 312, 313, 320, 321, 323),
    ),
    "aarch64": (
        *(117, 116, 92, 41, 51, 89, 170, 40, 39, 224, 225, 142, 105, 106, 60, 104, 217),
        *(218, 219, 97, 241, 262, 264, 265, 268, 270, 271, 272, 273, 294, 280, 282),
    ),
}


def program(machine: str) -> list[Instruction] | None:
    """The filter for a kind of machine (`os.uname().machine`), None where none is known."""
    if machine not in _ARCHITECTURES:
        return None
    refused = [*_REFUSED[machine], *_SHARED]
    checks: list[tuple[int, int, str]] = [(_IS, number, "refuse") for number in refused]
    # Told that it is not there, the C library takes the older call.
    checks += [(_IS, _CLONE3, "absent"), (_IS, _SOCKET[machine], "socket")]
    if machine == "x86_64":
        checks.insert(0, (_AT_LEAST, _X32, "refuse"))
    start: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IS, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _FAIL | errno.ENOSYS),
        (_LOAD, 0, 0, _NUMBER),
    ]
    # After the checks: allowed, refused, absent, and the family of a socket.
    first = len(start) + len(checks)
    places = {"refuse": first + 1, "absent": first + 2, "socket": first + 3}
    made = [
        (code, places[to] - (len(start) + at) - 1, 0, value)
        for at, (code, value, to) in enumerate(checks)
    ]
    ends: list[Instruction] = [
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _FAIL | errno.EPERM),
        (_RETURN, 0, 0, _FAIL | errno.ENOSYS),
    ]
    families: list[Instruction] = [(_LOAD, 0, 0, _FIRST_ARGUMENT)]
    for at, family in enumerate(_FAMILIES):
        families.append((_IS, len(_FAMILIES) - at, 0, family))
    families += [(_RETURN, 0, 0, _FAIL | errno.EAFNOSUPPORT), (_RETURN, 0, 0, _ALLOW)]
    return [*start, *made, *ends, *families]
