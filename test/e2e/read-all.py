"""Reads every message of INBOX with Python's imaplib: read-all.py PORT CA-FILE ADDRESS, the password on standard input.

Writes for each message, in the order of UIDs, its length (4 octets, big-endian) and its octets.
"""
import imaplib
import ssl
import struct
import sys

port, ca_file, address = sys.argv[1:4]
password = sys.stdin.readline().rstrip("\n")
client = imaplib.IMAP4_SSL("127.0.0.1", int(port), ssl_context=ssl.create_default_context(cafile=ca_file))
client.login(address, password)
status, _ = client.select("INBOX", readonly=True)
assert status == "OK"
status, found = client.uid("SEARCH", None, "ALL")
assert status == "OK"
uids = found[0].split()
for start in range(0, len(uids), 100):
    status, answers = client.uid("FETCH", b",".join(uids[start : start + 100]), "(BODY.PEEK[])")
    assert status == "OK"
    for answer in answers:
        if isinstance(answer, tuple):
            sys.stdout.buffer.write(struct.pack(">I", len(answer[1])) + answer[1])
client.logout()
