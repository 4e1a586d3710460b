#!/usr/bin/env python3
"""Checks a ledger, receipts and evidence bundles without the program: written from docs/reference/format.md alone.

    verify.py LEDGER-DIRECTORY [RECEIPT ...]        the whole log, then receipts against it
    verify.py --key checkpoint.pub RECEIPT ...      receipts alone
    verify.py BUNDLE.zip [--key checkpoint.pub]     an evidence bundle

With --witness FILE (public keys, one a line, as in keys/witnesses) each of these must have signed the checkpoint too.

Needs Python 3.9 and its standard library. Exit 0 when everything holds, 5 when something does not.
"""
import base64, hashlib, json, pathlib, re, sqlite3, struct, sys, uuid, zlib

def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()

class Wrong(Exception): pass

# --- Ed25519 (RFC 8032), verification only -------------------------------------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)

def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    A, B = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    C, E = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = B - A, E - C, E + C, B + A
    return e * f % P, g * h % P, f * g % P, e * h % P

def times(n, point):
    total = (0, 1, 1, 0)
    while n:
        if n & 1: total = add(total, point)
        point, n = add(point, point), n >> 1
    return total

def decompress(data):
    y = int.from_bytes(data, "little"); sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P: x = x * ROOT % P
    if (x * x - square) % P or y >= P: raise Wrong("not a point of the curve")
    if x & 1 != sign: x = P - x
    return x, y, 1, x * y % P

def signed(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L: return False
    try: r = decompress(signature[:32])
    except Wrong: return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    base = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    (x1, y1, z1, _), (x2, y2, z2, _) = times(s, base), add(r, times(h, decompress(key)))
    return (x1 * z2 - x2 * z1) % P == 0 and (y1 * z2 - y2 * z1) % P == 0

# --- the tree (RFC 6962 section 2.1) -------------------------------------------------------------------------------
def leaf(body): return sha(b"\0", body)

def root(leaves):
    if len(leaves) < 2: return leaves[0] if leaves else sha()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", root(leaves[:k]), root(leaves[k:]))

def climb(hash, index, size, path):
    """The root a path leads to: the sibling is on the left where the node is a right child or the last of its row."""
    last = size - 1
    if index > last: raise Wrong("the tree ends before the event")
    for sibling in path:
        while not index & 1 and index == last and last: index, last = index >> 1, last >> 1
        hash = sha(b"\1", sibling, hash) if index & 1 else sha(b"\1", hash, sibling)
        index, last = index >> 1, last >> 1
    if last: raise Wrong("the path is too short")
    return hash

# --- signed notes and receipts (C2SP) ------------------------------------------------------------------------------
def read_key(text, kind=1):
    """A public key: of a log (1), or of a witness (4)."""
    name, id, data = text.strip().split("+", 2)
    data = base64.b64decode(data)
    if data[0] != kind or sha(name.encode(), b"\n", data)[:4].hex() != id: raise Wrong("not a public key")
    return name, bytes.fromhex(id), data[1:]

def signed_text(note, key):
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    for line in lines.splitlines():
        _, name, data = line.split(" ")
        data = base64.b64decode(data)
        if (name, data[:4]) == key[:2]:
            if not signed(key[2], text.encode(), data[4:]): raise Wrong("the signature does not hold")
            return text
    raise Wrong("signed by a foreign key")

def cosigned(note, witnesses):
    """When each witness signed (c2sp.org/tlog-cosignature, version 1): the time is part of what is signed."""
    text, _, lines = note.rpartition("\n\n")
    told = ""
    for witness in witnesses:
        times = []
        for _, name, data in (line.split(" ") for line in lines.splitlines()):
            data = base64.b64decode(data)
            if (name, data[:4]) != witness[:2]: continue
            time = int.from_bytes(data[4:12], "big")
            if not signed(witness[2], f"cosignature/v1\ntime {time}\n{text}\n".encode(), data[12:]):
                raise Wrong(f"the signature of the witness {name} does not hold")
            times.append(time)
        if not times: raise Wrong(f"foreign key: not signed by the witness {witness[0]}")
        told += f"; signed by the witness {witness[0]} at {max(times)} s"
    return told

def checkpoint(note, key):
    origin, size, hash = signed_text(note, key).split("\n")[:3]
    if origin != key[0]: raise Wrong("the checkpoint is of another log")
    return int(size), base64.b64decode(hash)

def read_receipt(text):
    """Position, leaf (none in a file of c2sp.org/tlog-proof), path, checkpoint."""
    if text.startswith("c2sp.org/tlog-proof@v1\n"):
        head, _, note = text.partition("\n\n")
        lines = [line for line in head.split("\n")[1:] if not line.startswith("extra ")]
        return int(lines[0].removeprefix("index ")), None, [base64.b64decode(line) for line in lines[1:]], note
    receipt = json.loads(text)
    receipt = receipt.get("receipt", receipt)
    path = [bytes.fromhex(hash) for hash in receipt["path"]]
    return int(receipt["position"]), bytes.fromhex(receipt["leaf"]), path, receipt["checkpoint"]

def check_receipt(text, key, bodies, witnesses):
    index, said, path, note = read_receipt(text)
    size, signed_root = checkpoint(note, key)
    told = cosigned(note, witnesses)
    if bodies is not None and len(bodies) < size: raise Wrong(f"truncated: the log has {len(bodies)} events, the receipt shows {size}")
    own = said if bodies is None or said else leaf(bodies[index])
    if own and climb(own, index, size, path) != signed_root: raise Wrong("the path does not lead to the root")
    if bodies is None: return f"position {index} in a tree of {size}: signature {'and path hold' if own else 'holds, the path needs the event'}{told}"
    if leaf(bodies[index]) != own: raise Wrong(f"position {index}: altered since the receipt was given")
    if root([leaf(body) for body in bodies[:size]]) != signed_root: raise Wrong("rewritten: the signed root is not in this past")
    return f"position {index} in a tree of {size}: holds, and the log goes on from there{told}"

# --- opened personal data: ChaCha20-Poly1305 (RFC 8439) ------------------------------------------------------------
def chacha20(key, counter, nonce):
    """One block of the key stream."""
    state = struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce)
    x = list(state)
    def quarter(a, b, c, d):
        for one, two, three, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[one] = (x[one] + x[two]) & 0xFFFFFFFF
            turned = x[three] ^ x[one]
            x[three] = (turned << by | turned >> (32 - by)) & 0xFFFFFFFF
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(a, b, c, d)
    return struct.pack("<16I", *((one + two) & 0xFFFFFFFF for one, two in zip(x, state)))

def poly1305(key, message):
    r, total = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at:at + 16] + b"\1", "little")) * r % (2**130 - 5)
    return (total + int.from_bytes(key[16:32], "little") & 2**128 - 1).to_bytes(16, "little")

def unbase64url(text):
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text): raise Wrong("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

def open_sealed(key, sealed, place):
    """The text that a value's own key opens at its place."""
    nonce, text, tag = sealed[:24], sealed[24:-16], sealed[-16:]
    inner = bytes(4) + nonce[16:]
    pad = lambda data: data + bytes(-len(data) % 16)
    mac = pad(place) + pad(text) + struct.pack("<QQ", len(place), len(text))
    if len(key) != 32 or poly1305(chacha20(key, 0, inner)[:32], mac) != tag: return None
    stream = b"".join(chacha20(key, 1 + block, inner) for block in range(-(-len(text) // 64)))
    return bytes(one ^ two for one, two in zip(text, stream)).decode()

def member_at(document, pointer):
    """What a JSON pointer (RFC 6901) leads to."""
    for part in pointer.split("/")[1:]:
        document = document[int(part)] if isinstance(document, list) else document[part.replace("~1", "/").replace("~0", "~")]
    return document

def check_opened(values, manifest, get):
    places = [(int(value["position"]), value["pointer"]) for value in values]
    if not places or any(one >= two for one, two in zip(places, places[1:])): raise Wrong("altered: opened.json is not of its form")
    about = manifest["subject"]
    for value, (position, pointer) in zip(values, places):
        event = next((event for event in manifest["events"] if event["position"] == str(position) and not event["withheld"]), None)
        if event is None: raise Wrong(f"position {position}: opened, and not in the bundle")
        sealed = unbase64url(member_at(json.loads(get(event["file"])), pointer)["sealed"])
        lines = ("accord-personal/1", manifest["ledger"].partition("/")[2], f'{about["kind"]}-{about["code"]}', event["version"], pointer)
        place = "".join(f"{line}\n" for line in lines).encode()
        if open_sealed(unbase64url(value["key"]), sealed, place) != value["text"]:
            raise Wrong(f"position {position}: what was opened at {pointer} is not what is sealed there")
    return f"; {len(values)} values of personal data opened, each the one sealed there"

# --- evidence bundles ----------------------------------------------------------------------------------------------
def unzip(data):
    """The members by name. Only the one layout is read, so nothing is unpacked and nothing can hide."""
    if len(data) > 64 << 20: raise Wrong("unsafe: larger than a bundle may be")
    if len(data) < 22 or data[-22:-14] != b"PK\5\6\0\0\0\0": raise Wrong("not a bundle (zip)")
    count, again, size, start, comment = struct.unpack("<HHIIH", data[-14:])
    if (count, start + size, comment) != (again, len(data) - 22, 0) or count > 20_000: raise Wrong("unsafe: not laid out as a bundle")
    members, at, local = {}, start, 0
    for _ in range(count):
        if at + 46 > len(data) - 22: raise Wrong("altered: the directory of the archive is cut")
        common = data[at + 6:at + 32]
        version, flags, method, time, crc, packed, length, name_length, extra = struct.unpack("<HHHIIIIHH", common)
        name = data[at + 46:at + 46 + name_length].decode("latin-1")
        if not re.fullmatch(r"[A-Za-z0-9._/-]{1,100}", name) or any(not part.strip(".") for part in name.split("/")):
            raise Wrong(f"unsafe: the name {name!r} leads elsewhere")
        if name in members: raise Wrong(f"unsafe: two members are called {name}")
        if method: raise Wrong(f"unsafe: {name} is packed")
        if length > 16 << 20: raise Wrong(f"unsafe: {name} is too large")
        body = data[local + 30 + name_length:local + 30 + name_length + length]
        entry = struct.pack("<4sH26sHHHII", b"PK\1\2", 0x030A, common, 0, 0, 0, 0x81A40000, local) + name.encode()
        honest = (version, flags, time, packed, extra) == (10, 0, 0x00210000, length, 0) and data[at:at + 46 + name_length] == entry
        if not honest or data[local:local + 30 + name_length] != b"PK\3\4" + common + name.encode() or zlib.crc32(body) != crc:
            raise Wrong(f"altered: {name} is not what the archive says of it")
        members[name] = body
        at, local = at + 46 + name_length, local + 30 + name_length + length
    if (local, at) != (start, len(data) - 22): raise Wrong("altered: bytes besides the members")
    return members

def check_bundle(data, given, witnesses):
    members = unzip(data)
    def get(name):
        if name not in members: raise Wrong(f"missing: {name}")
        return members[name]
    manifest = json.loads(get("manifest.json"))
    if manifest["format"] != "accord-bundle": raise Wrong("not a bundle")
    version = manifest["version"]
    if version not in (1, 2): raise Wrong(f"unknown version {version}: this script checks versions 1 and 2")
    if (version == 2) != ("opened.json" in members): raise Wrong("opened.json is there in version 2 and in no other")
    key = read_key(get("checkpoint.pub").decode())
    if given and key != given: raise Wrong("foreign key: the bundle is signed by another key")
    if signed_text(get("manifest.note").decode(), key) != f"accord-bundle/{version}\n{base64.b64encode(sha(get('manifest.json'))).decode()}\n":
        raise Wrong("altered: manifest.json is not the one that was signed")
    for member in manifest["members"]:
        body = get(member["name"])
        if (len(body), sha(body).hex()) != (member["size"], member["sha256"]): raise Wrong(f"altered: {member['name']}")
    if list(members) != ["manifest.json", "manifest.note"] + [member["name"] for member in manifest["members"]]:
        raise Wrong("put in or moved: the archive has other members than the manifest")
    note = get("checkpoint.txt").decode()
    size, signed_root = checkpoint(note, key)
    told = cosigned(note, witnesses)
    if (manifest["ledger"], manifest["tree"]) != (key[0], {"root": signed_root.hex(), "size": str(size)}): raise Wrong("the checkpoint is of another tree")
    for index, event in enumerate(manifest["events"]):
        position, hash = int(event["position"]), bytes.fromhex(event["leaf"])
        if event["version"] != index: raise Wrong(f"missing: version {index} of the history")
        if event["withheld"] != (event["file"] is None): raise Wrong(f"position {position}: withheld and given")
        if not event["withheld"]:
            body = get(event["file"])
            said = json.loads(body)
            if leaf(body) != hash: raise Wrong(f"position {position}: altered")
            if (uuid.UUID(said["id"]).int & (2**40 - 1), said["version"], said["type"].split(".")[0], said["subject"]) != (
                    position, index, manifest["subject"]["kind"], manifest["subject"]["code"]):
                raise Wrong(f"position {position}: of another place or subject")
        head, _, tail = get(event["proof"]).decode().partition("\n\n")
        first, second, *path = head.split("\n")
        if (first, second, tail) != ("c2sp.org/tlog-proof@v1", f"index {position}", note): raise Wrong(f"position {position}: not its proof")
        if climb(hash, position, size, [base64.b64decode(line) for line in path]) != signed_root:
            raise Wrong(f"position {position}: the proof does not lead to the signed root")
    if version == 2: told = check_opened(json.loads(get("opened.json")), manifest, get) + told
    withheld = sum(event["withheld"] for event in manifest["events"])
    whose = "the key given" if given else "its own key: compare it with the one you got by another way"
    return (f"{manifest['subject']['code']} in force {manifest['coordinates']['as_of']}, recorded by {manifest['coordinates']['known_at']}: "
            f"{len(manifest['events']) - withheld} events hold, {withheld} withheld, in a tree of {size}; signed with {whose}{told}")

# --- the log -------------------------------------------------------------------------------------------------------
def check_log(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    bodies, heads, before = [], {}, None
    rows = db.execute("SELECT position, s.name, version, back, recorded_at, leaf, body FROM events e "
                      "LEFT JOIN streams s ON s.id = e.stream ORDER BY position")
    for position, stream, version, back, recorded_at, stored, body in rows:
        at = len(bodies)
        if position != at: raise Wrong(f"position {at}: missing")
        if leaf(body) != stored: raise Wrong(f"position {at}: altered: the bytes do not hash to the leaf")
        event = json.loads(body)
        if uuid.UUID(event["id"]).int & (2**40 - 1) != at: raise Wrong(f"position {at}: moved")
        if f'{event["type"].split(".")[0]}-{event["subject"]}' != stream: raise Wrong(f"position {at}: of another stream")
        last_version, last_at = heads.get(stream, (-1, at))
        if (version, version, back) != (event["version"], last_version + 1, at - last_at):
            raise Wrong(f"position {at}: out of order in its stream")
        if before is not None and recorded_at <= before: raise Wrong(f"position {at}: recorded_at does not increase")
        heads[stream], before = (version, at), recorded_at
        bodies.append(body)
    leaves = [leaf(body) for body in bodies]
    if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'nodes'").fetchone():
        for level, n, hash in db.execute("SELECT level, n, hash FROM nodes ORDER BY level, n"):
            covered = leaves[n * 16**level:(n + 1) * 16**level]
            if len(covered) < 16**level: raise Wrong(f"truncated: the tree covers more than the {len(leaves)} events there are")
            if root(covered) != hash: raise Wrong(f"the tree's hash {n} of level {level} does not follow from the events")
    return bodies

def main(arguments):
    try:
        witnesses = []
        if "--witness" in arguments:
            at = arguments.index("--witness")
            named = open(arguments[at + 1]).read().splitlines()
            witnesses = [read_key(line, 4) for line in named if line.strip() and not line.startswith("#")]
            arguments = arguments[:at] + arguments[at + 2:]
        if arguments[0].endswith(".zip"):
            key = read_key(open(arguments[2]).read()) if arguments[1:2] == ["--key"] else None
            print(f"{arguments[0]}: {check_bundle(open(arguments[0], 'rb').read(), key, witnesses)}")
            return 0
        if arguments[0] == "--key":
            key, bodies, receipts = read_key(open(arguments[1]).read()), None, arguments[2:]
        else:
            ledger, receipts = pathlib.Path(arguments[0]), arguments[1:]
            bodies = check_log(ledger / "log.db")
            key = read_key((ledger / "keys" / "checkpoint.pub").read_text())
            print(f"{len(bodies)} events, root {root([leaf(body) for body in bodies]).hex()}")
        for name in receipts:
            print(f"{name}: {check_receipt(open(name).read(), key, bodies, witnesses)}")
    except (Wrong, ValueError, KeyError, TypeError, AttributeError, sqlite3.DatabaseError) as wrong:
        print(f"does not hold: {wrong}")
        return 5
    return 0

if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    sys.exit(main(sys.argv[1:]) if len(sys.argv) > 1 else print(__doc__) or 2)
