/** Directory that ceph-mgr finds Python modules in before Debian's (PYTHONPATH); nobody else looks there. */
export const mgrCureDirectory = "/var/lib/ceph/zcloud/mgr-modules";

/**
 * `bcrypt` for Ceph's manager. Debian's python3-bcrypt is a PyO3 module, which refuses the subinterpreters that ceph-mgr
 * runs its modules in: with it none of them loads, `volumes` neither. This one hashes by libxcrypt (crypt(3)).
 */
export const bcryptModule = String.raw`"""What Ceph's manager uses of bcrypt, by libxcrypt. Written by zCloud; changes are overwritten."""

import ctypes
import hmac
import os

_crypt = ctypes.CDLL("libcrypt.so.1", use_errno=True)
_crypt.crypt_gensalt_ra.restype = ctypes.c_void_p
_crypt.crypt_ra.restype = ctypes.c_char_p
_libc = ctypes.CDLL(None)
_libc.free.argtypes = [ctypes.c_void_p]


def gensalt(rounds=12, prefix=b"2b"):
    """A new salt: $2b$12$ and 22 characters."""
    if prefix not in (b"2a", b"2b"):
        raise ValueError("Supported prefixes are b'2a' or b'2b'")
    if not 4 <= rounds <= 31:
        raise ValueError("Invalid rounds")
    made = _crypt.crypt_gensalt_ra(b"$" + prefix + b"$", ctypes.c_ulong(rounds), os.urandom(16), 16)
    if made is None:
        raise ValueError("Invalid salt")
    try:
        return ctypes.string_at(made)
    finally:
        _libc.free(made)


def hashpw(password, salt):
    """The hash of a password (bytes) by a salt, or by another hash, whose salt is meant."""
    if b"\x00" in password:
        raise ValueError("password may not contain NUL bytes")
    if not salt.startswith((b"$2a$", b"$2b$", b"$2y$")):
        raise ValueError("Invalid salt")
    data, size = ctypes.c_void_p(), ctypes.c_int(0)
    try:
        made = _crypt.crypt_ra(password, salt, ctypes.byref(data), ctypes.byref(size))
        if made is None or made.startswith(b"*"):
            raise ValueError("Invalid salt")
        return made
    finally:
        _libc.free(data)


def checkpw(password, hashed):
    """Whether it is the password of this hash."""
    return hmac.compare_digest(hashpw(password, hashed), hashed)
`;
