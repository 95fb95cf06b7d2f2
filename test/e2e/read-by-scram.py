"""Logs in by SCRAM-SHA-256-PLUS with Python's imaplib, bound to the server's certificate, and writes the first message of INBOX.

read-by-scram.py PORT CA-FILE ADDRESS, the password on standard input. Python has no SCRAM of its own: this is RFC 5802, written anew.
"""
import base64
import hashlib
import hmac
import imaplib
import secrets
import ssl
import sys

port, ca_file, address = sys.argv[1:4]
password = sys.stdin.readline().rstrip("\n").encode()
client = imaplib.IMAP4_SSL("127.0.0.1", int(port), ssl_context=ssl.create_default_context(cafile=ca_file))
assert "AUTH=SCRAM-SHA-256-PLUS" in client.capabilities
header = b"p=tls-server-end-point,,"
binding = hashlib.sha256(client.sock.getpeercert(binary_form=True)).digest()
bare = b"n=" + address.encode() + b",r=" + base64.b64encode(secrets.token_bytes(18))
state = {}


def digest(key, text):
    return hmac.new(key, text, "sha256").digest()


def respond(challenge):
    if not challenge:
        return header + bare
    if challenge.startswith(b"v="):
        assert challenge[2:] == base64.b64encode(state["signature"])
        return b""
    fields = dict(part.split(b"=", 1) for part in challenge.split(b","))
    assert fields[b"r"].startswith(bare.split(b",r=")[1])
    salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(fields[b"s"]), int(fields[b"i"]))
    client_key = digest(salted, b"Client Key")
    without_proof = b"c=" + base64.b64encode(header + binding) + b",r=" + fields[b"r"]
    message = bare + b"," + challenge + b"," + without_proof
    signature = digest(hashlib.sha256(client_key).digest(), message)
    state["signature"] = digest(digest(salted, b"Server Key"), message)
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    return without_proof + b",p=" + base64.b64encode(proof)


client.authenticate("SCRAM-SHA-256-PLUS", respond)
assert "signature" in state
client.select("INBOX", readonly=True)
status, answers = client.uid("FETCH", "1", "(BODY.PEEK[])")
assert status == "OK"
sys.stdout.buffer.write(answers[0][1])
client.logout()
