"""A mail server that runs in threads, takes what it is sent, and answers as a test wants."""

import base64
import contextlib
import socket
import ssl
import subprocess
import threading
from email import message_from_bytes, policy

import pytest


def certificate(folder):
    """A certificate for localhost, signed by itself; skips where openssl is missing."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "30"]
    try:
        subprocess.run([*command, "-keyout", key, "-out", cert, *names], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not installed, and makes the certificate of this test")
    return key, cert


class MailServer:
    """``got`` holds (sender, recipients, message) of every letter that was taken.

    ``answers`` maps (verb, address) or a verb to replies that are given before the usual one, one after the other;
    the verb END is the end of a letter, and the reply "hang up" closes the connection (at END: once it was taken).
    """

    def __init__(self, *, tls=None, starttls=None, password=None):
        self.got, self.answers, self.commands, self.logins = [], {}, [], []
        self.connections = self.encrypted = 0
        self._tls, self._starttls, self._password = tls, starttls, password
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def messages(self):
        return [message_from_bytes(raw, policy=policy.default) for _, _, raw in self.got]

    def recipients(self):
        return [address for _, addresses, _ in self.got for address in addresses]

    def stop(self):
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                connection.settimeout(20)
                thread = threading.Thread(target=self._guarded, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _guarded(self, connection):
        talk = _Talk(connection)
        try:
            if self._tls:
                talk.encrypt(self._tls)
            self._talk(talk)
        except OSError:
            pass
        finally:
            talk.close()

    def _talk(self, talk):
        self.connections += 1
        sender, recipients, known = "", [], False
        talk.say("220 here")
        while line := talk.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            verb = verb.upper()
            self.commands.append(verb)
            address = rest.partition("<")[2].partition(">")[0]
            forced = self._forced(verb, address)
            if forced == "hang up":
                return
            if forced:
                talk.say(forced)
            elif verb in ("EHLO", "HELO"):
                offers = ["250-here"] + (["250-STARTTLS"] if self._starttls and not talk.encrypted else [])
                talk.say("\r\n".join([*offers, *(["250-AUTH PLAIN"] if self._password else []), "250 8BITMIME"]))
            elif verb == "STARTTLS":
                talk.say("220 go")
                talk.encrypt(self._starttls)
            elif verb == "AUTH":
                self.logins.append((base64.b64decode(rest.split()[1]).decode().split("\0")[1:], talk.encrypted))
                known = self.logins[-1][0][1] == self._password
                talk.say("235 welcome" if known else "535 5.7.8 who are you")
            elif verb == "MAIL":
                sender, recipients = address, []
                talk.say("250 ok" if known or not self._password else "530 5.7.0 log in")
            elif verb == "RCPT":
                recipients.append(address)
                talk.say("250 ok")
            elif verb == "DATA":
                talk.say("354 go on")
                lines = []
                while (line := talk.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line.startswith(b".") else line)
                if line == b"":
                    return
                ending = self._forced("END", recipients[0])
                if ending and ending != "hang up":
                    talk.say(ending)
                    continue
                self.got.append((sender, recipients, b"".join(lines)))
                self.encrypted += talk.encrypted
                if ending:
                    return
                talk.say("250 taken")
            elif verb == "QUIT":
                talk.say("221 bye")
                return
            else:
                talk.say("250 ok")

    def _forced(self, verb, address):
        for key in ((verb, address), verb):
            if self.answers.get(key):
                return self.answers[key].pop(0)
        return None


class _Talk:
    """One connection, line by line."""

    def __init__(self, connection):
        self._socket, self._stream, self.encrypted = connection, connection.makefile("rb"), False

    def readline(self):
        return self._stream.readline()

    def say(self, text):
        self._socket.sendall(text.encode() + b"\r\n")

    def encrypt(self, files):
        key, cert = files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self._stream.close()
        self._socket = context.wrap_socket(self._socket, server_side=True)
        self._stream, self.encrypted = self._socket.makefile("rb"), True

    def close(self):
        with contextlib.suppress(OSError):
            self._stream.close()
        self._socket.close()
